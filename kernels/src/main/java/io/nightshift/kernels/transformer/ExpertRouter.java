package io.nightshift.kernels.transformer;

import java.util.Arrays;

/** Chooses the experts of tokens by the softmax of a router's logits (Mixtral, 2024; Qwen3-MoE, 2025). */
public final class ExpertRouter {
    private ExpertRouter() {}

    /**
     * The most probable experts of each token; of equal ones the first.
     *
     * @param logits {@code tokens * experts}, row-major; replaced by probabilities
     * @param perToken experts a token
     * @param normalized whether the weights of a token's experts are made to add up to 1
     */
    public static ExpertChoice choose(float[] logits, int tokens, int experts, int perToken, boolean normalized) {
        int[] chosen = new int[tokens * perToken];
        float[] weights = new float[tokens * perToken];
        boolean[] taken = new boolean[experts];
        for (int token = 0; token < tokens; token++) {
            int row = token * experts;
            Softmax.apply(logits, row, experts);
            Arrays.fill(taken, false);
            float sum = 0;
            for (int i = token * perToken; i < (token + 1) * perToken; i++) {
                int best = best(logits, row, taken);
                taken[best] = true;
                chosen[i] = best;
                weights[i] = logits[row + best];
                sum += weights[i];
            }
            if (normalized) {
                for (int i = token * perToken; i < (token + 1) * perToken; i++) {
                    weights[i] /= sum;
                }
            }
        }
        return new ExpertChoice(experts, perToken, chosen, weights);
    }

    private static int best(float[] probabilities, int row, boolean[] taken) {
        int best = -1;
        for (int expert = 0; expert < taken.length; expert++) {
            if (!taken[expert] && (best < 0 || probabilities[row + expert] > probabilities[row + best])) {
                best = expert;
            }
        }
        return best;
    }
}
