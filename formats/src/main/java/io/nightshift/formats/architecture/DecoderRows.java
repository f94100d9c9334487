package io.nightshift.formats.architecture;

import static io.nightshift.formats.architecture.Dimension.EXPERTS;
import static io.nightshift.formats.architecture.Dimension.EXPERT_FEED_FORWARD;
import static io.nightshift.formats.architecture.Dimension.FEED_FORWARD;
import static io.nightshift.formats.architecture.Dimension.HIDDEN;
import static io.nightshift.formats.architecture.Dimension.KEY;
import static io.nightshift.formats.architecture.Dimension.QUERY;
import static io.nightshift.formats.architecture.Dimension.VOCABULARY;

import java.util.List;
import java.util.stream.Stream;

/** Rows that most families have in common. */
final class DecoderRows {
    static final String LAYER = "model.layers.{layer}.";
    static final String BLOCK = "blk.{layer}.";

    static final TensorRow EMBEDDING =
            TensorRow.of("token_embd.weight", "model.embed_tokens.weight", VOCABULARY, HIDDEN);
    static final TensorRow OUTPUT =
            TensorRow.of("output.weight", "lm_head.weight", VOCABULARY, HIDDEN).unlessTied();

    /** Embedding, output and the norms before attention and feed-forward block. */
    static final List<TensorRow> COMMON = List.of(
            EMBEDDING,
            outputNorm(Transform.COPY),
            OUTPUT,
            norm("attn_norm", "input_layernorm", Transform.COPY, HIDDEN),
            norm("ffn_norm", "post_attention_layernorm", Transform.COPY, HIDDEN));

    /** Norms of the heads of queries and keys. */
    static final List<TensorRow> HEAD_NORMS = List.of(
            norm("attn_q_norm", "self_attn.q_norm", Transform.COPY, Dimension.HEAD),
            norm("attn_k_norm", "self_attn.k_norm", Transform.COPY, Dimension.HEAD));

    /** Gate, up and down projection, each perhaps with a bias. */
    static final List<TensorRow> FEED_FORWARD_ROWS = Stream.of(
                    linear("ffn_gate", "mlp.gate_proj", Transform.COPY, FEED_FORWARD, HIDDEN),
                    linear("ffn_up", "mlp.up_proj", Transform.COPY, FEED_FORWARD, HIDDEN),
                    linear("ffn_down", "mlp.down_proj", Transform.COPY, HIDDEN, FEED_FORWARD))
            .flatMap(List::stream)
            .toList();

    /** A router, and experts one by one or stacked as transformers 5 saves them: gate and up in one. */
    static final List<TensorRow> EXPERT_ROWS = List.of(
            TensorRow.of(BLOCK + "ffn_gate_inp.weight", LAYER + "mlp.gate.weight", EXPERTS, HIDDEN),
            expert("ffn_gate_exps", "gate_proj", EXPERT_FEED_FORWARD, HIDDEN)
                    .or(LAYER + "mlp.experts.gate_up_proj", Transform.GATE_HALF)
                    .or(LAYER + "mlp.experts.gate_up_proj.weight", Transform.GATE_HALF),
            expert("ffn_up_exps", "up_proj", EXPERT_FEED_FORWARD, HIDDEN)
                    .or(LAYER + "mlp.experts.gate_up_proj", Transform.UP_HALF)
                    .or(LAYER + "mlp.experts.gate_up_proj.weight", Transform.UP_HALF),
            expert("ffn_down_exps", "down_proj", HIDDEN, EXPERT_FEED_FORWARD)
                    .or(LAYER + "mlp.experts.down_proj", Transform.COPY)
                    .or(LAYER + "mlp.experts.down_proj.weight", Transform.COPY));

    private DecoderRows() {}

    /** Query, key, value and output projection, each perhaps with a bias. */
    static List<TensorRow> attention() {
        return attention(Transform.COPY);
    }

    /** Query, key, value and output projection, each perhaps with a bias; something is done to queries and keys. */
    static List<TensorRow> attention(Transform queryAndKey) {
        return Stream.of(
                        linear("attn_q", "self_attn.q_proj", queryAndKey, QUERY, HIDDEN),
                        linear("attn_k", "self_attn.k_proj", queryAndKey, KEY, HIDDEN),
                        linear("attn_v", "self_attn.v_proj", Transform.COPY, KEY, HIDDEN),
                        linear("attn_output", "self_attn.o_proj", Transform.COPY, HIDDEN, QUERY))
                .flatMap(List::stream)
                .toList();
    }

    /** A linear layer's matrix, and its bias if there is one. */
    static List<TensorRow> linear(String output, String source, Dimension rows, Dimension columns) {
        return linear(output, source, Transform.COPY, rows, columns);
    }

    /** A linear layer's matrix, and its bias if there is one; the same is done to both. */
    static List<TensorRow> linear(
            String output, String source, Transform transform, Dimension rows, Dimension columns) {
        return List.of(
                TensorRow.of(BLOCK + output + ".weight", LAYER + source + ".weight", transform, rows, columns),
                TensorRow.of(BLOCK + output + ".bias", LAYER + source + ".bias", transform, rows).optional());
    }

    /** The norm before the output matrix. */
    static TensorRow outputNorm(Transform transform) {
        return TensorRow.of("output_norm.weight", "model.norm.weight", transform, HIDDEN);
    }

    /** A matrix of a layer. */
    static TensorRow matrix(String output, String source, Dimension rows, Dimension columns) {
        return matrix(output, source, Transform.COPY, rows, columns);
    }

    /** A matrix of a layer, or several stacked. */
    static TensorRow matrix(String output, String source, Transform transform, Dimension... shape) {
        return TensorRow.of(BLOCK + output + ".weight", LAYER + source + ".weight", transform, shape);
    }

    /** A tensor of a layer under its full names. */
    static TensorRow vector(String output, String source, Transform transform, Dimension... shape) {
        return TensorRow.of(BLOCK + output, LAYER + source, transform, shape);
    }

    /** A norm over a layer's channels. */
    static TensorRow norm(String output, String source, Dimension... shape) {
        return norm(output, source, Transform.COPY, shape);
    }

    /** A norm over a layer's channels. */
    static TensorRow norm(String output, String source, Transform transform, Dimension... shape) {
        return TensorRow.of(BLOCK + output + ".weight", LAYER + source + ".weight", transform, shape);
    }

    private static TensorRow expert(String output, String source, Dimension rows, Dimension columns) {
        return TensorRow.of(BLOCK + output + ".weight", LAYER + "mlp.experts.{expert}." + source + ".weight",
                EXPERTS, rows, columns);
    }

    @SafeVarargs
    static List<TensorRow> table(List<TensorRow>... parts) {
        return Stream.of(parts).flatMap(List::stream).toList();
    }
}
