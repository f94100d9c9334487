package io.nightshift.formats.architecture;

import java.io.Serializable;
import java.util.List;

/**
 * A linear layer of a decoder layer, under the name that loaders of Hugging Face models know it by.
 *
 * @param module its name, such as {@code model.layers.0.self_attn.q_proj}; of an expert it is always the name of that
 *     expert's own layer, even where the checkpoint keeps all experts in one tensor; of a part of a matrix, of
 *     which GGUF has other parts in other tensors, the matrix's name with that of the tensor within its layer behind it
 * @param tensor the GGUF name of the tensor that it is, or is a part of: {@code blk.0.attn_q.weight}
 * @param layer number of the decoder layer, or {@link #NO_LAYER}
 * @param expert number of the expert, or {@link #NO_EXPERT}
 * @param source its rows, outputs by inputs, in the order of the checkpoint (but see {@link #with}), or some of them
 */
public record LinearLayer(String module, String tensor, int layer, int expert, SourceRows source)
        implements Serializable {
    /** Of the output matrix, which is in no decoder layer. */
    public static final int NO_LAYER = -1;

    /** Of a layer that is no expert's. */
    public static final int NO_EXPERT = -1;

    private static final String GATE_UP = "gate_up_proj";

    /** The name of its matrix where that is not quantized. */
    public String weight() {
        return module + ".weight";
    }

    /** Whether it steers others, as routers do and what sets a state's decay: such a layer is never quantized. */
    public boolean steers() {
        return switch (role()) {
            case ROUTER, SHARED_ROUTER, STATE_DECAY, STATE_CHANGE, STATE_CHANGE_AND_DECAY -> true;
            default -> false;
        };
    }

    /**
     * Whether folders for loaders of Hugging Face models keep it as it is: what steers, and what lets in a layer's own input,
     * which llm-compressor's recipes leave alone.
     */
    public boolean isExempt() {
        return steers() || role() == Role.INPUT_GATE || role() == Role.INPUT_PROJECTION;
    }

    /**
     * The layers that loaders of Hugging Face models know it as: gate and up projection of an expert apart, where GGUF keeps
     * them in one matrix.
     */
    public List<LinearLayer> apart() {
        if (role() != Role.EXPERT_GATE_UP) {
            return List.of(this);
        }
        String owner = module.substring(0, module.length() - GATE_UP.length());
        long half = outputs() / 2;
        return List.of(new LinearLayer(owner + "gate_proj", tensor, layer, expert, source.part(0, half)),
                new LinearLayer(owner + "up_proj", tensor, layer, expert, source.part(half, half)));
    }

    /**
     * The layer as loaders know it, without factors of the configuration. They know no parts: of a part it is the layer under
     * the name that they have, of the same tensor; a gate and an up projection are an up projection that has the gate's rows
     * before its own.
     */
    public LinearLayer whole() {
        if (!source.areApart()) {
            return new LinearLayer(module, tensor, layer, expert, source.unmultiplied());
        }
        Role role = role();
        String whole = switch (role) {
            case GATE -> tensor.replace(role.tensor(), Role.UP.tensor());
            case SHARED_GATE -> tensor.replace(role.tensor(), Role.SHARED_UP.tensor());
            default -> tensor;
        };
        return new LinearLayer(module.substring(0, module.length() - part(role.tensor()).length()), whole, layer, expert,
                SourceRows.whole(source.tensor()).with(source.elements()));
    }

    /** What the name of a part of a layer ends with. */
    static String part(String role) {
        return "." + role;
    }

    /** The same layer, its inputs in the order that its tensor has in GGUF. */
    public LinearLayer with(ColumnForm.Reordered columns) {
        return new LinearLayer(module, tensor, layer, expert, source.with(columns));
    }

    /** Output features: rows of the matrix. */
    public long outputs() {
        return source.rows();
    }

    /** Input features: columns of the matrix. */
    public long inputs() {
        return source.length();
    }

    /** What it is for. */
    public Role role() {
        return Role.of(tensor);
    }
}
