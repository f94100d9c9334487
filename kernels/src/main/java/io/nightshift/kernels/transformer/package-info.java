/** What a decoder computes besides matrix products: norms, rotary positions, attention, activations, routing. */
package io.nightshift.kernels.transformer;
