package io.nightshift.formats.statistics;

import java.io.Serializable;
import java.util.List;

/**
 * The input of linear layers that read the same channels, as the manifest lists it.
 *
 * @param name such as {@code blk.0.attn_q}, after the first of the linear layers; {@code blk.0.ffn_gate_exps.3} for an
 *     expert; {@code blk.0.ffn_down_exps.pooled} for all experts together. Tensors of the file begin with it
 * @param layer index of the layer, -1 for the output matrix
 * @param tensors GGUF names of the linear layers' tensors; those of all experts share one
 * @param expert index of the expert, -1 for layers that every token passes and for pooled inputs
 * @param channels number of channels
 * @param tokens that were seen; 0 for an expert that got none, which has no tensors in the file
 * @param insteadOf for an expert with too few tokens the name of the input whose statistics it gets instead; else null
 */
public record InputSummary(
        String name, int layer, List<String> tensors, int expert, int channels, long tokens, String insteadOf)
        implements Serializable {
    /** The suffix of an input that is all experts' inputs together. */
    public static final String POOLED = ".pooled";
}
