/** Scalar quantizers and dequantizers, one block at a time, as plain as can be: what the vector kernels are tested against. */
package io.nightshift.kernels.reference;
