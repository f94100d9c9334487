package io.nightshift.kernels.transformer;

import io.nightshift.kernels.Lanes;
import io.nightshift.kernels.parallel.Workers;
import jdk.incubator.vector.FloatVector;

/**
 * A short convolution over the tokens of a sequence, of each channel by itself. A token sees itself and the tokens before;
 * before the first there are zeros. With SiLU behind it, it stands before the state of linear attention and of Mamba (Gu and
 * Dao, 2023); without, it is what mixes tokens in LFM2 (2025).
 */
public final class CausalConvolution {
    private static final int CHANNELS_A_PIECE = 512;

    private final int width;
    private final int channels;
    private final float[] kernels;
    private final float[] biases;
    private final boolean activated;

    /**
     * Kernels of all channels, without biases.
     *
     * @param kernels channels by width, row-major: the last column is the token's own
     * @param width tokens that a token sees, itself included
     * @param activated whether the sums pass SiLU
     */
    public CausalConvolution(float[] kernels, int width, boolean activated) {
        this(kernels, width, new float[kernels.length / width], activated);
    }

    /**
     * Kernels of all channels.
     *
     * @param kernels channels by width, row-major: the last column is the token's own
     * @param width tokens that a token sees, itself included
     * @param biases what each channel's sum starts with
     * @param activated whether the sums pass SiLU
     * @throws IllegalArgumentException if there are not as many biases as kernels
     */
    public CausalConvolution(float[] kernels, int width, float[] biases, boolean activated) {
        if (biases.length * width != kernels.length) {
            throw new IllegalArgumentException(biases.length + " biases of kernels with " + kernels.length + " numbers, "
                    + width + " each");
        }
        this.width = width;
        this.activated = activated;
        this.biases = biases.clone();
        this.channels = kernels.length / width;
        this.kernels = new float[kernels.length];
        for (int channel = 0; channel < channels; channel++) {
            for (int i = 0; i < width; i++) {
                this.kernels[i * channels + channel] = kernels[channel * width + i];
            }
        }
    }

    /** Number of channels. */
    public int channels() {
        return channels;
    }

    /** Bytes of the kernels and biases. */
    public long bytes() {
        return (long) Float.BYTES * (kernels.length + biases.length);
    }

    /**
     * Convolves sequences that lie one behind another, in place, spread over channels too.
     *
     * @param values tokens by channels
     * @param starts the first token of each sequence
     * @param lengths tokens of each
     */
    public void apply(float[] values, int[] starts, int[] lengths, Workers workers) {
        int pieces = (channels + CHANNELS_A_PIECE - 1) / CHANNELS_A_PIECE;
        workers.run(Math.multiplyExact(lengths.length, pieces), piece -> {
            int sequence = piece / pieces;
            int from = piece % pieces * CHANNELS_A_PIECE;
            apply(values, starts[sequence] * channels, channels, lengths[sequence], from,
                    Math.min(channels, from + CHANNELS_A_PIECE));
        });
    }

    /**
     * Convolves channels [from, to) of a sequence, in place.
     *
     * @param values channel c of token t is at {@code at + t * stride + c}
     */
    public void apply(float[] values, int at, int stride, int tokens, int from, int to) {
        // From the last token back, so that what a token sees is as it was.
        for (int token = tokens - 1; token >= 0; token--) {
            int own = at + token * stride;
            int seen = Math.min(width, token + 1);
            int channel = from;
            for (; channel <= to - Lanes.COUNT; channel += Lanes.COUNT) {
                FloatVector sum = FloatVector.fromArray(Lanes.FLOAT, biases, channel);
                for (int back = seen - 1; back >= 0; back--) {
                    sum = FloatVector.fromArray(Lanes.FLOAT, values, own - back * stride + channel).fma(
                            FloatVector.fromArray(Lanes.FLOAT, kernels, (width - 1 - back) * channels + channel), sum);
                }
                FloatVector result = activated ? sum.div(Exponential.exp(sum.neg()).add(1f)) : sum;
                result.intoArray(values, own + channel);
            }
            for (; channel < to; channel++) {
                float sum = biases[channel];
                for (int back = seen - 1; back >= 0; back--) {
                    sum = Math.fma(values[own - back * stride + channel],
                            kernels[(width - 1 - back) * channels + channel], sum);
                }
                values[own + channel] = activated ? sum / (Exponential.exp(-sum) + 1f) : sum;
            }
        }
    }
}
