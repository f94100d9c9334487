/**
 * Scales of channels and limits of groups that make weights easier to round (AWQ, Lin et al., 2023), found from Gram
 * matrices. Arrays in, arrays out; results are the same bits on any width of vectors and with any number of threads.
 */
package io.nightshift.kernels.scaling;
