package io.nightshift.formats.architecture;

import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What a linear layer is for in its decoder layer, by the name that GGUF gives it there. */
public enum Role {
    /** Makes queries. */
    QUERY("attn_q"),

    /** Makes keys. */
    KEY("attn_k"),

    /** Makes values. */
    VALUE("attn_v"),

    /** Makes compressed queries. */
    QUERY_COMPRESSION("attn_q_a"),

    /** Makes queries of compressed ones. */
    QUERY_DECOMPRESSION("attn_q_b"),

    /** Makes compressed keys and values, and the channels of keys that are rotated, the same for all heads. */
    COMPRESSION("attn_kv_a_mqa"),

    /** Makes keys and values of compressed ones: {@link SplitDecompression}. */
    DECOMPRESSION("attn_kv_b"),

    /** Makes queries, keys and values, where a checkpoint keeps them in one matrix; always those of linear attention. */
    QUERY_KEY_VALUE("attn_qkv"),

    /** Makes what linear attention's output is gated by. */
    OUTPUT_GATE("attn_gate"),

    /** Says how fast the states of linear attention decay; never quantized. */
    STATE_DECAY("ssm_alpha"),

    /** Says how far the states of linear attention are changed; never quantized. */
    STATE_CHANGE("ssm_beta"),

    /** Says both, where a checkpoint keeps these in one matrix; never quantized. */
    STATE_CHANGE_AND_DECAY("ssm_ba"),

    /**
     * Makes all that a layer of Mamba 2 has to do with: what its output is gated by, its channels, what they are written to the
     * states by and read by, and time steps.
     */
    STATE_INPUT("ssm_in"),

    /** Reads what the states of linear attention, or of Mamba 2, have given. */
    STATE_OUTPUT("ssm_out"),

    /**
     * Makes what a short convolution has to do with (LFM2): what its input is multiplied by, what its output is multiplied by,
     * and the input.
     */
    CONVOLUTION_INPUT("shortconv.in_proj"),

    /** Reads what a short convolution has mixed. */
    CONVOLUTION_OUTPUT("shortconv.out_proj"),

    /** Reads what attention has mixed. */
    ATTENTION_OUTPUT("attn_output"),

    /** Makes what the activation function is given. */
    GATE("ffn_gate"),

    /** Makes what is multiplied with the gate; with the gate's rows before its own where there is no {@link #GATE}. */
    UP("ffn_up"),

    /** Reads the product of gate and up. */
    DOWN("ffn_down"),

    /** Chooses experts; never quantized. */
    ROUTER("ffn_gate_inp"),

    /** The gate of an expert. */
    EXPERT_GATE("ffn_gate_exps"),

    /** The up projection of an expert. */
    EXPERT_UP("ffn_up_exps"),

    /** Gate and up projection of an expert, where GGUF keeps them in one matrix: the gate's rows before the others. */
    EXPERT_GATE_UP("ffn_gate_up_exps"),

    /** The down projection of an expert. */
    EXPERT_DOWN("ffn_down_exps"),

    /** Makes what experts read, where that is less than hidden states (Nemotron 3 Super). */
    EXPERT_COMPRESSION("ffn_latent_down"),

    /** Makes hidden states of what such experts give. */
    EXPERT_DECOMPRESSION("ffn_latent_up"),

    /** Says how much of the shared expert a token gets; never quantized. */
    SHARED_ROUTER("ffn_gate_inp_shexp"),

    /** The gate of the expert that all tokens pass. */
    SHARED_GATE("ffn_gate_shexp"),

    /** The up projection of the expert that all tokens pass. */
    SHARED_UP("ffn_up_shexp"),

    /** The down projection of the expert that all tokens pass. */
    SHARED_DOWN("ffn_down_shexp"),

    /** Weighs the input that a layer has of its own. */
    INPUT_GATE("inp_gate"),

    /** Makes hidden states of that input. */
    INPUT_PROJECTION("proj"),

    /** Makes logits of the last hidden states; in no decoder layer. */
    OUTPUT("output"),

    /** Makes hidden states of tokens; in no decoder layer. */
    EMBEDDING("token_embd");

    private static final String BLOCK = "blk.";
    private static final String WEIGHT = ".weight";

    private static final Map<String, Role> BY_NAME =
            Stream.of(values()).collect(Collectors.toMap(Role::tensor, Function.identity()));

    private final String tensor;

    Role(String tensor) {
        this.tensor = tensor;
    }

    /** The GGUF name within a layer, without {@code blk.N.} and {@code .weight}. */
    public String tensor() {
        return tensor;
    }

    /**
     * The role of a linear layer.
     *
     * @param tensor its GGUF name, such as {@code blk.0.attn_q.weight}
     * @throws IllegalArgumentException if it is not a linear layer's
     */
    public static Role of(String tensor) {
        return find(tensor)
                .orElseThrow(() -> new IllegalArgumentException(inLayer(tensor) + " is no linear layer that is known"));
    }

    /**
     * The role of a tensor, if it is a linear layer's.
     *
     * @param tensor its GGUF name
     */
    public static Optional<Role> find(String tensor) {
        return tensor.endsWith(WEIGHT) ? Optional.ofNullable(BY_NAME.get(inLayer(tensor))) : Optional.empty();
    }

    private static String inLayer(String tensor) {
        int from = tensor.startsWith(BLOCK) ? tensor.indexOf('.', BLOCK.length()) + 1 : 0;
        int end = tensor.endsWith(WEIGHT) ? tensor.length() - WEIGHT.length() : tensor.length();
        return tensor.substring(from, end);
    }
}
