package io.nightshift.formats.architecture;

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

    /** Gate, up and down projection, each perhaps with a bias. */
    static final List<TensorRow> FEED_FORWARD_ROWS = Stream.of(
                    linear("ffn_gate", "mlp.gate_proj", Transform.COPY, FEED_FORWARD, HIDDEN),
                    linear("ffn_up", "mlp.up_proj", Transform.COPY, FEED_FORWARD, HIDDEN),
                    linear("ffn_down", "mlp.down_proj", Transform.COPY, HIDDEN, FEED_FORWARD))
            .flatMap(List::stream)
            .toList();

    private DecoderRows() {}

    /** Query, key, value and output projection, each perhaps with a bias. */
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

    /** A norm over a layer's channels. */
    static TensorRow norm(String output, String source, Transform transform, Dimension size) {
        return TensorRow.of(BLOCK + output + ".weight", LAYER + source + ".weight", transform, size);
    }

    @SafeVarargs
    static List<TensorRow> table(List<TensorRow>... parts) {
        return Stream.of(parts).flatMap(List::stream).toList();
    }
}
