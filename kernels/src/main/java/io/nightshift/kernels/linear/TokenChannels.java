package io.nightshift.kernels.linear;

/**
 * Some channels of the tokens of a sequence, such as those of one head: those of token t start at {@code at + t * stride}.
 *
 * @param values which others may lie in too
 * @param at the first channel of the first token
 * @param stride distance of two tokens
 * @param count channels a token
 */
public record TokenChannels(float[] values, int at, int stride, int count) {}
