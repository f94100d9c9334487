package io.nightshift.kernels.scaling;

/**
 * The scales chosen for the input channels of some linear layers.
 *
 * @param candidate which ones: {@link ScaleCandidate#NONE} if nothing was better on all rows
 * @param scales one a channel
 * @param loss on all rows
 * @param unscaledLoss on all rows, with all scales one
 */
public record ScaleChoice(ScaleCandidate candidate, float[] scales, double loss, double unscaledLoss) {}
