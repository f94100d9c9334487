package io.nightshift.formats.types;

/**
 * What the policy knows of a tensor.
 *
 * @param name its name
 * @param category its role
 * @param columns weights a row
 * @param experts matrices stacked in it, 1 where it is not stacked
 * @param layer its layer, or -1
 * @param earlier how many tensors of its category were decided by the policy before it
 * @param attentionVs how many tensors of category {@link TensorCategory#ATTENTION_V} the model has
 * @param tied whether the model has no output projection of its own
 */
record TensorFacts(
        String name,
        TensorCategory category,
        long columns,
        long experts,
        int layer,
        int earlier,
        int attentionVs,
        boolean tied) {}
