/**
 * The forward pass of a decoder, layer by layer, in 32-bit floats: what calibration and evaluation drive. No files are
 * opened here but through {@link io.nightshift.formats.weights.ModelWeights}, and no threads but the caller's workers.
 */
package io.nightshift.formats.forward;
