/** Blocks back to weights: one dequantizer a type. */
package io.nightshift.kernels.dequantize;
