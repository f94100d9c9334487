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

    static final List<TensorRow> EMBEDDING_AND_OUTPUT = List.of(EMBEDDING, outputNorm(Transform.COPY), OUTPUT);

    /** Embedding, output and the norms before attention and feed-forward block. */
    static final List<TensorRow> COMMON = table(EMBEDDING_AND_OUTPUT, List.of(
            norm("attn_norm", "input_layernorm", HIDDEN),
            norm("ffn_norm", "post_attention_layernorm", HIDDEN)));

    /** Norms of the heads of queries and keys. */
    static final List<TensorRow> HEAD_NORMS = List.of(
            norm("attn_q_norm", "self_attn.q_norm", Dimension.HEAD),
            norm("attn_k_norm", "self_attn.k_norm", Dimension.HEAD));

    /** Norms of queries and keys, over all heads together. */
    static final List<TensorRow> QUERY_AND_KEY_NORMS = List.of(
            norm("attn_q_norm", "self_attn.q_norm", QUERY),
            norm("attn_k_norm", "self_attn.k_norm", KEY));

    /** Gate, up and down projection, each perhaps with a bias. */
    static final List<TensorRow> FEED_FORWARD_ROWS = table(
            linear("ffn_gate", "mlp.gate_proj", FEED_FORWARD, HIDDEN),
            linear("ffn_up", "mlp.up_proj", FEED_FORWARD, HIDDEN),
            linear("ffn_down", "mlp.down_proj", HIDDEN, FEED_FORWARD));

    /** A router, and experts one by one or stacked as transformers 5 saves them: gate and up in one. */
    static final List<TensorRow> EXPERT_ROWS = List.of(
            matrix("ffn_gate_inp", "mlp.gate", EXPERTS, HIDDEN),
            matrix("ffn_gate_exps", "mlp.experts.{expert}.gate_proj", EXPERTS, EXPERT_FEED_FORWARD, HIDDEN)
                    .or(LAYER + "mlp.experts.gate_up_proj", Transform.GATE_HALF)
                    .or(LAYER + "mlp.experts.gate_up_proj.weight", Transform.GATE_HALF),
            matrix("ffn_up_exps", "mlp.experts.{expert}.up_proj", EXPERTS, EXPERT_FEED_FORWARD, HIDDEN)
                    .or(LAYER + "mlp.experts.gate_up_proj", Transform.UP_HALF)
                    .or(LAYER + "mlp.experts.gate_up_proj.weight", Transform.UP_HALF),
            matrix("ffn_down_exps", "mlp.experts.{expert}.down_proj", EXPERTS, HIDDEN, EXPERT_FEED_FORWARD)
                    .or(LAYER + "mlp.experts.down_proj", Transform.COPY)
                    .or(LAYER + "mlp.experts.down_proj.weight", Transform.COPY));

    private DecoderRows() {}

    /** Experts that all tokens go through, as one of so many times an expert's size. */
    static List<TensorRow> sharedExperts(Dimension count) {
        Dimension size = count.times(EXPERT_FEED_FORWARD);
        return List.of(
                matrix("ffn_gate_shexp", "mlp.shared_experts.gate_proj", size, HIDDEN),
                matrix("ffn_up_shexp", "mlp.shared_experts.up_proj", size, HIDDEN),
                matrix("ffn_down_shexp", "mlp.shared_experts.down_proj", HIDDEN, size));
    }

    /** Query, key, value and output projection, each perhaps with a bias. */
    static List<TensorRow> attention() {
        return attention(Transform.COPY);
    }

    /** Query, key, value and output projection, each perhaps with a bias; something is done to queries and keys. */
    static List<TensorRow> attention(Transform queryAndKey) {
        return table(
                linear("attn_q", "self_attn.q_proj", queryAndKey, QUERY, HIDDEN),
                linear("attn_k", "self_attn.k_proj", queryAndKey, KEY, HIDDEN),
                linear("attn_v", "self_attn.v_proj", KEY, HIDDEN),
                linear("attn_output", "self_attn.o_proj", HIDDEN, QUERY));
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

    /** A matrix of a layer, or several stacked. */
    static TensorRow matrix(String output, String source, Dimension... shape) {
        return matrix(output, source, Transform.COPY, shape);
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
        return matrix(output, source, transform, shape);
    }

    /** The rows of several tables, one table after another. */
    @SafeVarargs
    static List<TensorRow> table(List<TensorRow>... parts) {
        return Stream.of(parts).flatMap(List::stream).toList();
    }
}
