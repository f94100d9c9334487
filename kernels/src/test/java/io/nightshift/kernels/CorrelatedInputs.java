package io.nightshift.kernels;

import io.nightshift.kernels.linear.Gram;
import io.nightshift.kernels.linear.GramMatrix;
import io.nightshift.kernels.parallel.Workers;
import java.util.SplittableRandom;

/** Activations whose channels depend on one another and differ much in size, as those of language models do. */
public final class CorrelatedInputs {
    private static final int BLOCK = 96;

    private CorrelatedInputs() {}

    /** Activations, row-major: each channel has a share of the two before it, and a size of its own. */
    public static float[] activations(int tokens, int channels, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        double[] sizes = new double[channels];
        for (int i = 0; i < channels; i++) {
            sizes[i] = random.nextInt(20) == 0 ? 12 : 0.3 + random.nextDouble();
        }
        float[] activations = new float[tokens * channels];
        for (int token = 0; token < tokens; token++) {
            double last = 0;
            double before = 0;
            for (int i = 0; i < channels; i++) {
                double value = 0.7 * last - 0.4 * before + random.nextDouble() - 0.5;
                before = last;
                last = value;
                activations[token * channels + i] = (float) (sizes[i] * value);
            }
        }
        return activations;
    }

    /** Their Gram matrix. */
    public static GramMatrix gram(float[] activations, int tokens, int channels) {
        float[][] blocks = new float[Gram.blocks(channels, BLOCK)][BLOCK * BLOCK];
        try (Workers workers = new Workers(1)) {
            Gram.add(activations, tokens, channels, BLOCK, blocks, workers);
        }
        return new GramMatrix(channels, BLOCK, blocks);
    }

    /** Both at once. */
    public static GramMatrix gram(int tokens, int channels, long seed) {
        return gram(activations(tokens, channels, seed), tokens, channels);
    }

    /** The mean of |x| of each channel. */
    public static double[] means(float[] activations, int tokens, int channels) {
        double[] means = new double[channels];
        for (int i = 0; i < tokens * channels; i++) {
            means[i % channels] += Math.abs(activations[i]) / (double) tokens;
        }
        return means;
    }

    /** tr(D·H·Dᵀ), plainly. */
    public static double loss(float[] changes, int rows, GramMatrix gram) {
        int channels = gram.channels();
        double loss = 0;
        for (int row = 0; row < rows; row++) {
            for (int i = 0; i < channels; i++) {
                double sum = 0;
                for (int j = 0; j < channels; j++) {
                    sum += (double) gram.get(i, j) * changes[row * channels + j];
                }
                loss += sum * changes[row * channels + i];
            }
        }
        return loss;
    }
}
