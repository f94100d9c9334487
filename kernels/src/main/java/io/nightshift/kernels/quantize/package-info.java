/** Weights to blocks: one quantizer a type, or one for a few types that share their search. */
package io.nightshift.kernels.quantize;
