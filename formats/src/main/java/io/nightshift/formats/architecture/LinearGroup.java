package io.nightshift.formats.architecture;

import java.util.List;

/**
 * Linear layers that read the same channels, and what produces these: a norm or another linear layer, whose output a
 * scale can be folded into where the shapes allow it (with fewer heads of values than of queries, attn_v produces fewer
 * channels than attn_output reads).
 *
 * @param producer of the channels, by its GGUF name within a layer, such as {@code attn_norm}
 * @param linears that read them, such as those of queries, keys and values
 * @param scaled whether the channels may be scaled: not where that is known to hurt the family
 */
public record LinearGroup(String producer, List<Role> linears, boolean scaled) {
    private static final String LAYER_INPUT = "layer_input";
    private static final String BLOCK_INPUT = "feed_forward_input";

    /** The groups of a layer with a feed-forward block. */
    static final List<LinearGroup> DENSE = List.of(
            of("attn_norm", Role.QUERY, Role.KEY, Role.VALUE),
            of(Role.VALUE.tensor(), Role.ATTENTION_OUTPUT),
            of("ffn_norm", Role.GATE, Role.UP),
            of(Role.UP.tensor(), Role.DOWN));

    /** The groups of a layer with experts, whose router reads what they read. */
    static final List<LinearGroup> EXPERTS = List.of(
            of("attn_norm", Role.QUERY, Role.KEY, Role.VALUE),
            of(Role.VALUE.tensor(), Role.ATTENTION_OUTPUT),
            of("ffn_norm", Role.ROUTER, Role.EXPERT_GATE, Role.EXPERT_UP),
            of(Role.EXPERT_UP.tensor(), Role.EXPERT_DOWN));

    /** The groups of a dense layer whose attention must not be scaled. */
    static final List<LinearGroup> DENSE_UNSCALED_ATTENTION = List.of(
            new LinearGroup("attn_norm", List.of(Role.QUERY, Role.KEY, Role.VALUE), false),
            of(Role.VALUE.tensor(), Role.ATTENTION_OUTPUT),
            of("ffn_norm", Role.GATE, Role.UP),
            of(Role.UP.tensor(), Role.DOWN));

    /** The groups of a layer with experts, one of which all tokens pass. */
    static final List<LinearGroup> SHARED_EXPERT = List.of(
            of("attn_norm", Role.QUERY, Role.KEY, Role.VALUE),
            of(Role.VALUE.tensor(), Role.ATTENTION_OUTPUT),
            of("ffn_norm", Role.ROUTER, Role.SHARED_ROUTER, Role.EXPERT_GATE, Role.EXPERT_UP, Role.SHARED_GATE, Role.SHARED_UP),
            of(Role.EXPERT_UP.tensor(), Role.EXPERT_DOWN),
            of(Role.SHARED_UP.tensor(), Role.SHARED_DOWN));

    /** The groups of GLM-4.5, whose first layers are dense, and whose second norm has the name of one behind attention. */
    static final List<LinearGroup> GLM = List.of(
            of("attn_norm", Role.QUERY, Role.KEY, Role.VALUE),
            of(Role.VALUE.tensor(), Role.ATTENTION_OUTPUT),
            of("post_attention_norm", Role.GATE, Role.UP, Role.ROUTER, Role.EXPERT_GATE, Role.EXPERT_UP, Role.SHARED_GATE,
                    Role.SHARED_UP),
            of(Role.UP.tensor(), Role.DOWN),
            of(Role.EXPERT_UP.tensor(), Role.EXPERT_DOWN),
            of(Role.SHARED_UP.tensor(), Role.SHARED_DOWN));

    /** The groups of a layer whose norms stand behind its blocks: what reads the hidden states themselves is not scaled. */
    static final List<LinearGroup> NORMS_BEHIND = List.of(
            new LinearGroup(LAYER_INPUT, List.of(Role.QUERY, Role.KEY, Role.VALUE), false),
            of(Role.VALUE.tensor(), Role.ATTENTION_OUTPUT),
            new LinearGroup(BLOCK_INPUT, List.of(Role.GATE, Role.UP), false),
            of(Role.UP.tensor(), Role.DOWN));

    /** The groups of a layer whose norm before the feed-forward block has the name of one behind attention: Seed-OSS. */
    static final List<LinearGroup> SEED = List.of(
            of("attn_norm", Role.QUERY, Role.KEY, Role.VALUE),
            of(Role.VALUE.tensor(), Role.ATTENTION_OUTPUT),
            of("post_attention_norm", Role.GATE, Role.UP),
            of(Role.UP.tensor(), Role.DOWN));

    /** The groups of a layer without a gate, whose activation function takes no scale through: ReLU² would square it. */
    static final List<LinearGroup> UNGATED = List.of(
            of("attn_norm", Role.QUERY, Role.KEY, Role.VALUE),
            of(Role.VALUE.tensor(), Role.ATTENTION_OUTPUT),
            of("ffn_norm", Role.UP),
            new LinearGroup(Role.UP.tensor(), List.of(Role.DOWN), false));

    /** Whether a norm produces the channels. */
    public boolean ofNorm() {
        return producer.endsWith("_norm");
    }

    private boolean ofStates() {
        return producer.equals(LAYER_INPUT) || producer.equals(BLOCK_INPUT);
    }

    /**
     * What layers of a role read: the same for all that read one norm, or the same hidden states.
     *
     * @param groups of a family
     * @return the norm's or the states' name within a layer, or that of the role's own tensor
     */
    public static String input(List<LinearGroup> groups, Role role) {
        return groups.stream()
                .filter(group -> (group.ofNorm() || group.ofStates()) && group.linears().contains(role))
                .map(LinearGroup::producer)
                .findFirst()
                .orElse(role.tensor());
    }

    static LinearGroup of(String producer, Role... linears) {
        return new LinearGroup(producer, List.of(linears), true);
    }
}
