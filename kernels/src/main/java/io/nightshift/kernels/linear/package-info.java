/**
 * Products of matrices in 32-bit floats on the Vector API. Every element is one sum in a fixed order, so results are
 * the same bits on any width of vectors, interpreted or compiled, and with any number of threads. Attention, which is
 * made of such products, is here too.
 */
package io.nightshift.kernels.linear;
