package io.nightshift.formats.forward;

import java.util.List;

/**
 * Linear layers of a model that read the same activations.
 *
 * @param layer index of the decoder layer, or {@link #OUTPUT_HEAD}
 * @param linears their GGUF names within the layer, such as {@code attn_q}, {@code attn_k}, {@code attn_v};
 *     {@code output} for the output matrix, tied or not
 * @param expert index of the expert, or {@link #NO_EXPERT} where the layers belong to all tokens
 * @param channels activations a token
 */
public record LinearInput(int layer, List<String> linears, int expert, int channels) {
    /** The layer of the output matrix. */
    public static final int OUTPUT_HEAD = -1;

    /** The expert of layers that every token passes. */
    public static final int NO_EXPERT = -1;

    /** GGUF names of the tensors, such as {@code blk.3.attn_q.weight}: those of all experts share one. */
    public List<String> tensorNames() {
        return linears.stream()
                .map(linear -> layer == OUTPUT_HEAD ? linear + ".weight" : "blk." + layer + "." + linear + ".weight")
                .toList();
    }
}
