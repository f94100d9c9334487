package io.nightshift.formats.architecture;

import java.io.Serializable;

/**
 * A linear layer of a decoder layer, under the name that loaders of Hugging Face models know it by.
 *
 * @param module its name, such as {@code model.layers.0.self_attn.q_proj}; of an expert it is always the name of that
 *     expert's own layer, even where the checkpoint keeps all experts in one tensor
 * @param tensor the GGUF name of the tensor that it is, or is a part of: {@code blk.0.attn_q.weight}
 * @param layer number of the decoder layer
 * @param expert number of the expert, or -1
 * @param router whether it chooses experts: such a layer is never quantized
 * @param source its rows, outputs by inputs, in the order of the checkpoint
 */
public record LinearLayer(String module, String tensor, int layer, int expert, boolean router, SourceRows source)
        implements Serializable {
    /** The name of its matrix where that is not quantized. */
    public String weight() {
        return module + ".weight";
    }

    /** Output features: rows of the matrix. */
    public long outputs() {
        return source.rows();
    }

    /** Input features: columns of the matrix. */
    public long inputs() {
        return source.tensor().columns();
    }

    /** The GGUF name within a layer, such as {@code attn_q}. */
    public String role() {
        return tensor.substring(tensor.indexOf('.', "blk.".length()) + 1, tensor.length() - ".weight".length());
    }
}
