package io.nightshift.formats.architecture;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.checkpoint.Checkpoint;
import io.nightshift.formats.safetensors.SafetensorsBytes;
import io.nightshift.formats.safetensors.SafetensorsType;
import io.nightshift.formats.storage.RecordingFolder;
import io.nightshift.kernels.GgmlType;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is checked of checkpoints that are published in MXFP4 and FP8, on a gpt-oss of one layer. */
class QuantizedSourcesTest {
    private static final String LAYER = "model.layers.0.";
    private static final String EXPERTS = LAYER + "mlp.experts.";

    private record Tensor(SafetensorsType type, long[] shape) {}

    private final Map<String, Tensor> tensors = new LinkedHashMap<>();

    private void put(String name, SafetensorsType type, long... shape) {
        tensors.put(name, new Tensor(type, shape));
    }

    /** Embeddings, head, norms and attention of one layer with hidden size 32. */
    private void decoder(long keyChannels) {
        put("model.embed_tokens.weight", SafetensorsType.BF16, 10, 32);
        put("model.norm.weight", SafetensorsType.BF16, 32);
        put("lm_head.weight", SafetensorsType.BF16, 10, 32);
        put(LAYER + "input_layernorm.weight", SafetensorsType.BF16, 32);
        put(LAYER + "post_attention_layernorm.weight", SafetensorsType.BF16, 32);
        put(LAYER + "self_attn.q_proj.weight", SafetensorsType.BF16, 32, 32);
        put(LAYER + "self_attn.k_proj.weight", SafetensorsType.BF16, keyChannels, 32);
        put(LAYER + "self_attn.v_proj.weight", SafetensorsType.BF16, keyChannels, 32);
        put(LAYER + "self_attn.o_proj.weight", SafetensorsType.BF16, 32, 32);
    }

    /** A gpt-oss of two experts, hidden size 32 and 64 channels between the experts' matrices. */
    private void gptOss() {
        decoder(16);
        put(LAYER + "self_attn.sinks", SafetensorsType.BF16, 2);
        put(LAYER + "mlp.router.weight", SafetensorsType.BF16, 2, 32);
        put(EXPERTS + "gate_up_proj_blocks", SafetensorsType.U8, 2, 128, 1, 16);
        put(EXPERTS + "gate_up_proj_scales", SafetensorsType.U8, 2, 128, 1);
        put(EXPERTS + "gate_up_proj_bias", SafetensorsType.BF16, 2, 128);
        put(EXPERTS + "down_proj_blocks", SafetensorsType.U8, 2, 32, 2, 16);
        put(EXPERTS + "down_proj_scales", SafetensorsType.U8, 2, 32, 2);
        put(EXPERTS + "down_proj_bias", SafetensorsType.BF16, 2, 32);
    }

    private ModelConversion convertGptOss() throws IOException {
        return convert("""
                {"architectures": ["GptOssForCausalLM"], "model_type": "gpt_oss", "hidden_size": 32,
                 "intermediate_size": 64, "num_hidden_layers": 1, "num_attention_heads": 2, "num_key_value_heads": 1,
                 "head_dim": 16, "vocab_size": 10, "num_local_experts": 2, "num_experts_per_tok": 1,
                 "sliding_window": 8, "quantization_config": {"quant_method": "mxfp4"}}
                """);
    }

    private ModelConversion convert(String config) throws IOException {
        SafetensorsBytes weights = new SafetensorsBytes();
        tensors.forEach((name, tensor) -> weights.add(name, tensor.type(), tensor.shape()));
        return Architectures.convert(Checkpoint.open(new RecordingFolder()
                .put("config.json", config.getBytes(StandardCharsets.UTF_8))
                .put("model.safetensors", weights.bytes())));
    }

    @Test
    void packedExpertsAreKept() throws IOException {
        gptOss();
        assertEquals(3, convertGptOss().tensors().stream().filter(tensor -> tensor.type() == GgmlType.MXFP4).count());
    }

    /** They are run as they are; to be rounded they would have to be matrices of floats. */
    @Test
    void packedExpertsAreRunAndNotRounded() throws IOException {
        gptOss();
        ModelConversion conversion = convertGptOss();
        assertFalse(LinearLayers.areMatrices(conversion));
        String message = assertThrows(InvalidModelException.class, () -> LinearLayers.of(conversion)).getMessage();
        assertTrue(message.contains("blk.0.ffn_gate_exps.weight (" + EXPERTS + "gate_up_proj_blocks, U8): scales, rounding,"
                + " chosen sizes, AWQ and EXL2 do not take weights that are F64 or MXFP4; GGUF types without these do,"
                + " with --imatrix or --stats"), message);
    }

    /** llm-compressor names them so; llama.cpp's converter would leave them out. */
    @Test
    void expertsOfGptOssThatLieApartAreRefused() {
        gptOss();
        tensors.keySet().removeIf(name -> name.startsWith(EXPERTS + "down_proj_") && !name.endsWith("bias"));
        put(EXPERTS + "0.down_proj.weight", SafetensorsType.BF16, 32, 64);
        put(EXPERTS + "1.down_proj.weight", SafetensorsType.BF16, 32, 64);
        String message = assertThrows(InvalidModelException.class, this::convertGptOss).getMessage();
        assertTrue(message.contains("tensor " + EXPERTS + "0.down_proj.weight is of one expert, but the experts of this family"
                + " must be stacked in one tensor"), message);
    }

    @ParameterizedTest
    @CsvSource({"BF16", "F8_E4M3", "I8"})
    void packedNumbersAndTheirExponentsAreBytes(SafetensorsType type) {
        gptOss();
        put(EXPERTS + "down_proj_blocks", type, 2, 32, 2, 16);
        String message = assertThrows(InvalidModelException.class, this::convertGptOss).getMessage();
        assertTrue(message.contains("tensor " + EXPERTS + "down_proj_blocks is of type " + type + ", but must be U8"),
                message);
        gptOss();
        put(EXPERTS + "gate_up_proj_scales", type, 2, 128, 1);
        message = assertThrows(InvalidModelException.class, this::convertGptOss).getMessage();
        assertTrue(message.contains("tensor " + EXPERTS + "gate_up_proj_scales is of type " + type + ", but must be U8"),
                message);
    }

    /** There is no block of a matrix without rows to have a factor: what the configuration makes of it is refused. */
    @Test
    void emptyMatrixInFp8IsRefusedForItsShape() {
        decoder(32);
        put(LAYER + "mlp.gate_proj.weight", SafetensorsType.F8_E4M3, 0, 32);
        put(LAYER + "mlp.gate_proj.weight_scale", SafetensorsType.BF16, 1);
        String message = assertThrows(InvalidModelException.class, () -> convert("""
                {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 32,
                 "intermediate_size": 0, "num_hidden_layers": 1, "num_attention_heads": 2, "vocab_size": 10,
                 "quantization_config": {"quant_method": "fp8"}}
                """)).getMessage();
        assertTrue(message.contains("blk.0.ffn_gate.weight would be of shape [32, 0], without a weight"), message);
    }
}
