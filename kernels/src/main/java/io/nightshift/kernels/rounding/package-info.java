/**
 * Rounding of weights with error feedback (GPTQ) to whatever grid a format allows, and the grids. Arrays in, arrays out;
 * results are the same bits on any width of vectors, with any number of threads and for any split of the rows.
 */
package io.nightshift.kernels.rounding;
