package io.nightshift.kernels.transformer;

/**
 * The experts that a router chose.
 *
 * @param experts number of experts
 * @param perToken experts a token, 1 to {@code experts}
 * @param chosen {@code perToken} indices of experts a token, the most probable first
 * @param weights what each chosen expert's output is multiplied by, in the order of {@code chosen}
 */
public record ExpertChoice(int experts, int perToken, int[] chosen, float[] weights) {
    /** Number of tokens. */
    public int tokens() {
        return chosen.length / perToken;
    }

    /** A new array: how many tokens were routed to each expert. */
    public long[] tokensOfExperts() {
        long[] counts = new long[experts];
        for (int expert : chosen) {
            counts[expert]++;
        }
        return counts;
    }
}
