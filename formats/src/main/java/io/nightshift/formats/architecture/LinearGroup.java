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
    private static final Role[] ATTENTION = {Role.QUERY, Role.KEY, Role.VALUE};

    private static final LinearGroup ATTENTION_INPUT = of("attn_norm", ATTENTION);
    private static final LinearGroup MIXED = of(Role.VALUE.tensor(), Role.ATTENTION_OUTPUT);
    private static final LinearGroup GATED = of(Role.UP.tensor(), Role.DOWN);
    private static final LinearGroup GATED_OF_EXPERT = of(Role.EXPERT_UP.tensor(), Role.EXPERT_DOWN);
    private static final LinearGroup GATED_OF_SHARED = of(Role.SHARED_UP.tensor(), Role.SHARED_DOWN);

    /** The groups of a layer with a feed-forward block. */
    static final List<LinearGroup> DENSE = dense("ffn_norm");

    /** The groups of a layer with experts, whose router reads what they read. */
    static final List<LinearGroup> EXPERTS = List.of(ATTENTION_INPUT, MIXED,
            of("ffn_norm", Role.ROUTER, Role.EXPERT_GATE, Role.EXPERT_UP), GATED_OF_EXPERT);

    /** The groups of gpt-oss: what its experts' activation function bounds takes no scale through. */
    static final List<LinearGroup> CLAMPED_EXPERTS = List.of(ATTENTION_INPUT, MIXED,
            of("post_attention_norm", Role.ROUTER, Role.EXPERT_GATE, Role.EXPERT_UP),
            unscaled(Role.EXPERT_UP.tensor(), Role.EXPERT_DOWN));

    /** The groups of a dense layer whose attention must not be scaled. */
    static final List<LinearGroup> DENSE_UNSCALED_ATTENTION =
            List.of(unscaled("attn_norm", ATTENTION), MIXED, of("ffn_norm", Role.GATE, Role.UP), GATED);

    /** The groups of a layer with experts, one of which all tokens pass. */
    static final List<LinearGroup> SHARED_EXPERT = List.of(ATTENTION_INPUT, MIXED,
            of("ffn_norm", Role.ROUTER, Role.SHARED_ROUTER, Role.EXPERT_GATE, Role.EXPERT_UP, Role.SHARED_GATE, Role.SHARED_UP),
            GATED_OF_EXPERT, GATED_OF_SHARED);

    /** The groups of ERNIE 4.5: a feed-forward block in some layers, in others experts, one of which all tokens may pass. */
    static final List<LinearGroup> DENSE_OR_EXPERTS = List.of(ATTENTION_INPUT, MIXED,
            of("ffn_norm", Role.GATE, Role.UP, Role.ROUTER, Role.EXPERT_GATE, Role.EXPERT_UP, Role.SHARED_GATE, Role.SHARED_UP),
            GATED, GATED_OF_EXPERT, GATED_OF_SHARED);

    /**
     * The groups of GLM-4.5, Qwen3-Next and Qwen3.5: layers with full or linear attention, with a feed-forward block or
     * experts, whose second norm has the name of one behind attention.
     */
    static final List<LinearGroup> ANY_LAYER = List.of(
            of("attn_norm", Role.QUERY, Role.KEY, Role.VALUE, Role.QUERY_KEY_VALUE, Role.OUTPUT_GATE, Role.STATE_DECAY,
                    Role.STATE_CHANGE, Role.STATE_CHANGE_AND_DECAY),
            MIXED,
            of("post_attention_norm", Role.GATE, Role.UP, Role.ROUTER, Role.SHARED_ROUTER, Role.EXPERT_GATE, Role.EXPERT_UP,
                    Role.SHARED_GATE, Role.SHARED_UP),
            GATED, GATED_OF_EXPERT, GATED_OF_SHARED);

    /**
     * The groups of DeepSeek V2 and later, layers with a feed-forward block or experts. Queries, and keys with values, are
     * compressed and pass a norm; without compressed queries one matrix makes them. What attention has mixed is not scaled: of
     * its producer GGUF has two tensors.
     */
    static final List<LinearGroup> LATENT_ATTENTION = List.of(
            of("attn_norm", Role.QUERY, Role.QUERY_COMPRESSION, Role.COMPRESSION),
            of("attn_q_a_norm", Role.QUERY_DECOMPRESSION),
            of("attn_kv_a_norm", Role.DECOMPRESSION),
            of("ffn_norm", Role.GATE, Role.UP, Role.ROUTER, Role.EXPERT_GATE, Role.EXPERT_UP, Role.SHARED_GATE,
                    Role.SHARED_UP),
            GATED, GATED_OF_EXPERT, GATED_OF_SHARED);

    /**
     * The groups of Gemma 4, with experts beside the feed-forward block or without. What makes keys and queries is not scaled,
     * as in Gemma 3; nor are values, which pass a norm on their way to the output. The router reads by a scale of its own.
     */
    static final List<LinearGroup> DENSE_BESIDE_EXPERTS = List.of(
            unscaled("attn_norm", ATTENTION), unscaled(Role.VALUE.tensor(), Role.ATTENTION_OUTPUT),
            of("ffn_norm", Role.GATE, Role.UP), GATED,
            of("pre_ffw_norm_2", Role.EXPERT_GATE_UP), of(Role.EXPERT_GATE_UP.tensor(), Role.EXPERT_DOWN));

    /** The groups of a layer whose norms stand behind its blocks: what reads the hidden states themselves is not scaled. */
    static final List<LinearGroup> NORMS_BEHIND =
            List.of(unscaled(LAYER_INPUT, ATTENTION), MIXED, unscaled(BLOCK_INPUT, Role.GATE, Role.UP), GATED);

    /** The groups of a layer whose attention and feed-forward block read one norm. */
    static final List<LinearGroup> SIDE_BY_SIDE = List.of(
            of("attn_norm", Role.QUERY, Role.KEY, Role.VALUE, Role.GATE, Role.UP), MIXED, GATED);

    /**
     * The groups of LFM2: layers with a short convolution or attention, with a feed-forward block or experts. A convolution's
     * output is multiplied by channels of the projection before it, which take its scale.
     */
    static final List<LinearGroup> SHORT_CONVOLUTION = List.of(
            of("attn_norm", Role.QUERY, Role.KEY, Role.VALUE, Role.CONVOLUTION_INPUT), MIXED,
            of(Role.CONVOLUTION_INPUT.tensor(), Role.CONVOLUTION_OUTPUT),
            of("ffn_norm", Role.GATE, Role.UP, Role.ROUTER, Role.EXPERT_GATE, Role.EXPERT_UP), GATED, GATED_OF_EXPERT);

    /**
     * The groups of Granite 4: layers of Mamba 2 or attention, with a feed-forward block or experts, or with both. What the
     * states give passes a norm.
     */
    static final List<LinearGroup> STATE_SPACE = List.of(
            of("attn_norm", Role.QUERY, Role.KEY, Role.VALUE, Role.STATE_INPUT), MIXED,
            of("ssm_norm", Role.STATE_OUTPUT),
            of("ffn_norm", Role.GATE, Role.UP, Role.ROUTER, Role.EXPERT_GATE, Role.EXPERT_UP, Role.SHARED_GATE, Role.SHARED_UP),
            GATED, GATED_OF_EXPERT, GATED_OF_SHARED);

    /** The groups of Falcon-H1, whose layers are attention and Mamba 2 side by side. */
    static final List<LinearGroup> ATTENTION_BESIDE_STATES = List.of(
            of("attn_norm", Role.QUERY, Role.KEY, Role.VALUE, Role.STATE_INPUT), MIXED, of("ssm_norm", Role.STATE_OUTPUT),
            of("ffn_norm", Role.GATE, Role.UP), GATED);

    /**
     * The groups of Nemotron-H and Nemotron 3, whose layers are Mamba 2, attention, or a feed-forward block or experts, behind
     * one norm. Activation functions of the latter take no scale through.
     */
    static final List<LinearGroup> ONE_BLOCK = List.of(
            of("attn_norm", Role.QUERY, Role.KEY, Role.VALUE, Role.STATE_INPUT, Role.UP, Role.ROUTER, Role.EXPERT_UP,
                    Role.SHARED_UP),
            MIXED, of("ssm_norm", Role.STATE_OUTPUT), unscaled(Role.UP.tensor(), Role.DOWN),
            unscaled(Role.EXPERT_UP.tensor(), Role.EXPERT_DOWN), unscaled(Role.SHARED_UP.tensor(), Role.SHARED_DOWN));

    /** The same where experts read less than hidden states, all of them the same, which are not scaled. */
    static final List<LinearGroup> ONE_BLOCK_WITH_COMPRESSION = List.of(
            of("attn_norm", Role.QUERY, Role.KEY, Role.VALUE, Role.STATE_INPUT, Role.ROUTER, Role.EXPERT_COMPRESSION,
                    Role.SHARED_UP),
            MIXED, of("ssm_norm", Role.STATE_OUTPUT), unscaled(Role.EXPERT_COMPRESSION.tensor(), Role.EXPERT_UP),
            unscaled(Role.EXPERT_UP.tensor(), Role.EXPERT_DOWN), unscaled(Role.SHARED_UP.tensor(), Role.SHARED_DOWN));

    /** The groups of a layer without a gate, whose activation function takes no scale through: ReLU² would square it. */
    static final List<LinearGroup> UNGATED = List.of(
            ATTENTION_INPUT, MIXED, of("ffn_norm", Role.UP), unscaled(Role.UP.tensor(), Role.DOWN));

    /** Whether a norm produces the channels. */
    public boolean ofNorm() {
        return producer.contains("_norm");
    }

    /** Whether it is the group that reads what comes into a layer. */
    boolean startsLayer() {
        // Where queries are compressed, their group has this role too.
        return linears.contains(Role.QUERY) || linears.contains(Role.QUERY_KEY_VALUE);
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

    /**
     * What loaders fuse into one matrix: what layers read, but what is compressed apart from queries that are not, and gates
     * and states apart from queries.
     *
     * @param groups of a family
     */
    public static String fusion(List<LinearGroup> groups, Role role) {
        return input(groups, role) + switch (role) {
            case QUERY_COMPRESSION, COMPRESSION -> ".compressed";
            case GATE, UP -> ".gated";
            case STATE_INPUT -> ".states";
            default -> "";
        };
    }

    /** Whether a layer makes compressed channels, which all heads decompress. */
    public static boolean isCompression(Role role) {
        return role == Role.QUERY_COMPRESSION || role == Role.COMPRESSION;
    }

    /**
     * The groups of a layer with a feed-forward block.
     *
     * @param norm before it
     */
    static List<LinearGroup> dense(String norm) {
        return List.of(ATTENTION_INPUT, MIXED, of(norm, Role.GATE, Role.UP), GATED);
    }

    static LinearGroup of(String producer, Role... linears) {
        return new LinearGroup(producer, List.of(linears), true);
    }

    private static LinearGroup unscaled(String producer, Role... linears) {
        return new LinearGroup(producer, List.of(linears), false);
    }
}
