package io.nightshift.formats.architecture;

import java.util.List;

/**
 * Linear layers that read the same channels, and what produces these: a norm or another linear layer, whose output a
 * scale can be folded into where the shapes allow it (with fewer heads of values than of queries, attn_v produces fewer
 * channels than attn_output reads). Names are those of GGUF within a layer, without {@code blk.N.} and {@code .weight}.
 *
 * @param producer of the channels, such as {@code attn_norm}
 * @param linears that read them, such as {@code attn_q}, {@code attn_k}, {@code attn_v}
 * @param scaled whether the channels may be scaled: not where that is known to hurt the family
 */
public record LinearGroup(String producer, List<String> linears, boolean scaled) {
    /** The groups of a layer with a feed-forward block. */
    static final List<LinearGroup> DENSE = List.of(
            of("attn_norm", "attn_q", "attn_k", "attn_v"),
            of("attn_v", "attn_output"),
            of("ffn_norm", "ffn_gate", "ffn_up"),
            of("ffn_up", "ffn_down"));

    /** The groups of a layer with experts, whose router reads what they read. */
    static final List<LinearGroup> EXPERTS = List.of(
            of("attn_norm", "attn_q", "attn_k", "attn_v"),
            of("attn_v", "attn_output"),
            of("ffn_norm", "ffn_gate_inp", "ffn_gate_exps", "ffn_up_exps"),
            of("ffn_up_exps", "ffn_down_exps"));

    /** The groups of a dense layer whose attention must not be scaled. */
    static final List<LinearGroup> DENSE_UNSCALED_ATTENTION = List.of(
            new LinearGroup("attn_norm", List.of("attn_q", "attn_k", "attn_v"), false),
            of("attn_v", "attn_output"),
            of("ffn_norm", "ffn_gate", "ffn_up"),
            of("ffn_up", "ffn_down"));

    static LinearGroup of(String producer, String... linears) {
        return new LinearGroup(producer, List.of(linears), true);
    }
}
