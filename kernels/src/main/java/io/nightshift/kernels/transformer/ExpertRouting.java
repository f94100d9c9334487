package io.nightshift.kernels.transformer;

import java.io.Serializable;

/**
 * How a router's logits become a choice of experts.
 *
 * @param perToken experts a token
 * @param sigmoid whether an expert's score is the sigmoid of its logit, and not its share in the softmax of all
 * @param normalized whether the weights of a token's experts are made to add up to 1
 * @param scale what the weights are multiplied by at last
 * @param groups equal runs of experts, of which a token's experts are in a few alone; 1 where there are none
 * @param groupsUsed how many: those with the largest sums of their largest scores
 * @param scoresAGroup how many of a group's largest scores are added up: 2, or 1 where one alone decides
 * @param addend what is added to the sum of a token's weights before they are divided by it
 */
public record ExpertRouting(int perToken, boolean sigmoid, boolean normalized, float scale, int groups, int groupsUsed,
        int scoresAGroup, float addend) implements Serializable {
    /** Weights that are made to add up to 1 exactly, if they are. */
    public ExpertRouting(int perToken, boolean sigmoid, boolean normalized, float scale, int groups, int groupsUsed,
            int scoresAGroup) {
        this(perToken, sigmoid, normalized, scale, groups, groupsUsed, scoresAGroup, 0);
    }

    /** By groups that are compared by two scores each (DeepSeek V3, 2024). */
    public ExpertRouting(int perToken, boolean sigmoid, boolean normalized, float scale, int groups, int groupsUsed) {
        this(perToken, sigmoid, normalized, scale, groups, groupsUsed, 2);
    }

    /** The softmax of all logits (Mixtral, 2024; Qwen3-MoE, 2025). */
    public static ExpertRouting softmax(int perToken, boolean normalized) {
        return new ExpertRouting(perToken, false, normalized, 1, 1, 1);
    }

    /** The sigmoids of all logits, which become weights that all but add up to 1 (LFM2, 2025). */
    public static ExpertRouting sigmoid(int perToken, float addend) {
        return new ExpertRouting(perToken, true, true, 1, 1, 1, 2, addend);
    }
}
