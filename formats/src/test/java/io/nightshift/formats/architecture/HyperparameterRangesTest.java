package io.nightshift.formats.architecture;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.checkpoint.Checkpoint;
import io.nightshift.formats.safetensors.SafetensorsBytes;
import io.nightshift.formats.safetensors.SafetensorsType;
import io.nightshift.formats.storage.RecordingFolder;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Values that no model can have: the key, the value and the range are named, before any tensor is looked at. */
class HyperparameterRangesTest {
    private static final ObjectMapper JSON = JsonMapper.builder().build();

    private static final Map<String, String> CLASSES = Map.of(
            "llama", "LlamaForCausalLM",
            "mistral", "MistralForCausalLM",
            "mixtral", "MixtralForCausalLM",
            "qwen2", "Qwen2ForCausalLM",
            "qwen3_moe", "Qwen3MoeForCausalLM",
            "gemma2", "Gemma2ForCausalLM",
            "gemma3_text", "Gemma3ForCausalLM",
            "phi3", "Phi3ForCausalLM",
            "hunyuan_v1_dense", "HunYuanDenseV1ForCausalLM");

    private static final String SIZES = "'hidden_size': 64, 'intermediate_size': 96, 'num_hidden_layers': 2,"
            + " 'num_attention_heads': 4, 'num_key_value_heads': 2, 'vocab_size': 300, 'rms_norm_eps': 1e-5";

    /** The message of a configuration of some model type with changed values. */
    private static String message(String modelType, String changes) throws IOException {
        ObjectNode config = (ObjectNode) JSON.readTree(("{'architectures': ['" + CLASSES.get(modelType)
                + "'], 'model_type': '" + modelType + "', " + SIZES + "}").replace('\'', '"'));
        // Jackson writes infinite numbers as texts.
        config.setAll((ObjectNode) JSON.readTree(("{" + changes + "}").replace('\'', '"').replace("1e999", "777777")));
        String text = config.toString().replace("777777", "1e999");
        RecordingFolder folder = new RecordingFolder()
                .put("config.json", text.getBytes(StandardCharsets.UTF_8))
                .put("model.safetensors", new SafetensorsBytes().add("a", SafetensorsType.BF16, 2).bytes());
        Checkpoint checkpoint = Checkpoint.open(folder);
        return assertThrows(InvalidModelException.class, () -> Architectures.convert(checkpoint)).getMessage();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '\u0001',
            value = {
                "llama | 'vocab_size': 0 | \"vocab_size\" is 0, but must be a whole number from 1 to 2147483647",
                "gemma3_text | 'vocab_size': 0 | \"vocab_size\" is 0, but must be",
                "llama | 'vocab_size': 4294967295 | \"vocab_size\" is 4294967295, but must be",
                "llama | 'max_position_embeddings': 0 | \"max_position_embeddings\" is 0, but must be a whole number from 1",
                "llama | 'max_position_embeddings': null | \"max_position_embeddings\" is null",
                "gemma3_text | 'max_position_embeddings': null | \"max_position_embeddings\" is null",
                "llama | 'model_type': 'x' | \"max_position_embeddings\" is missing",
                "llama | 'num_hidden_layers': 0 | \"num_hidden_layers\" is 0, but must be",
                "llama | 'num_attention_heads': 0 | \"num_attention_heads\" is 0, but must be",
                "llama | 'num_key_value_heads': 0 | \"num_key_value_heads\" is 0, but must be a whole number from 1 on",
                "qwen2 | 'head_dim': 0 | \"head_dim\" is 0, but must be a whole number from 1 on",
                "llama | 'rms_norm_eps': 1e999 | \"rms_norm_eps\" is Infinity, but must be a finite 32-bit float",
                "llama | 'rms_norm_eps': 1e39 | \"rms_norm_eps\" is 1.0E39, but must be a finite 32-bit float",
                "llama | 'rms_norm_eps': null | \"rms_norm_eps\" is null, but must be a number",
                "gemma3_text | 'rms_norm_eps': null | \"rms_norm_eps\" is null, but must be a number",
                "llama | 'rms_norm_eps': 0 | \"rms_norm_eps\" is 0.0, but must be above 0",
                "llama | 'rms_norm_eps': 1e-60 | \"rms_norm_eps\" is 1.0E-60, but must be above 0",
                "llama | 'rms_norm_eps': 5 | \"rms_norm_eps\" is 5.0, but must be at most 1",
                "llama | 'rope_theta': 1e999 | \"rope_parameters.rope_theta\" is Infinity, but must be a finite",
                "llama | 'rope_theta': 1e999, 'rope_parameters': {'rope_theta': 10000.0} | \"rope_theta\" is Infinity, but must",
                "llama | 'rope_theta': 'large' | \"rope_parameters.rope_theta\" is \"large\", but must be a number",
                "llama | 'rope_theta': -1 | \"rope_parameters.rope_theta\" is -1.0, but must be above 0",
                "gemma3_text | 'rope_local_base_freq': 0 | \"rope_local_base_freq\" is 0.0, but must be above 0",
                "gemma3_text | 'rope_parameters': {'sliding_attention': {'rope_theta': 0}} | sliding_attention.rope_theta\" is 0.0",
                "llama | 'rope_scaling': {'rope_type': 'linear', 'factor': 0} | factor\" is 0.0, but must be above 0",
                "llama | 'rope_scaling': {'rope_type': 'linear'} | factor\" is missing, which the rope type linear needs",
                "llama | 'rope_scaling': {'rope_type': 'yarn', 'factor': 2, 'beta_fast': -1} | beta_fast\" is -1.0",
                "llama | 'rope_scaling': {'rope_type': 'spiral', 'factor': 2} | rope_type\" is \"spiral\", a type of",
                "llama | 'rope_scaling': {'type': 'Linear', 'factor': 2} | rope_type\" is \"Linear\", a type of",
                "gemma3_text | 'rope_parameters': {'sliding_attention': {'rope_type': 'x'}} | rope_type\" is \"x\", a type",
                "phi3 | 'rope_scaling': {'type': 'longrope'} | long_factor\" is missing, which the rope type longrope",
                "phi3 | 'rope_scaling': {'type': 'su', 'long_factor': [1]} | short_factor\" is missing, which the rope",
                "phi3 | 'rope_scaling': {'type': 'longrope', 'long_factor': [0]} | long_factor\" is 0.0, but must be above",
                "phi3 | 'partial_rotary_factor': 1.5 | partial_rotary_factor\" is 1.5, but must be above 0 and at most 1",
                "mixtral | 'num_experts_per_tok': 0 | \"num_experts_per_tok\" is 0, but must be a whole number from 1 to the",
                "mixtral | 'num_experts_per_tok': 9 | \"num_experts_per_tok\" is 9, but must be",
                "qwen3_moe | 'num_experts_per_tok': null | \"num_experts_per_tok\" is missing, but there are 128 experts",
                "llama | 'num_experts_per_tok': 0 | \"num_experts_per_tok\" is 0, but must be a whole number from 1 on",
                "mistral | 'sliding_window': 0 | \"sliding_window\" is 0, but must be a whole number from 1 on",
                "gemma2 | 'sliding_window': 0 | \"sliding_window\" is 0, but must be",
                "gemma3_text | 'sliding_window': 0 | \"sliding_window\" is 0, but must be",
                "phi3 | 'sliding_window': 0 | \"sliding_window\" is 0, but must be",
                "qwen2 | 'sliding_window': 0, 'use_sliding_window': true, 'max_window_layers': 1 | \"sliding_window\" is 0",
                "gemma2 | 'attn_logit_softcapping': 0 | \"attn_logit_softcapping\" is 0.0, but must be above 0",
                "gemma2 | 'query_pre_attn_scalar': 0 | \"query_pre_attn_scalar\" is 0.0, but must be above 0",
                "gemma3_text | 'final_logit_softcapping': -1 | \"final_logit_softcapping\" is -1.0, but must be 0, for none",
            })
    void namesTheKeyTheValueAndTheRange(String modelType, String changes, String expected) throws IOException {
        String message = message(modelType, changes);
        assertTrue(message.startsWith("mem:model/config.json: \""), message);
        assertTrue(message.contains(expected), message);
    }

    /** What some checkpoints have: the next thing that is wrong is that there are no tensors. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '\u0001',
            value = {
                "llama | 'sliding_window': 0",
                "qwen2 | 'sliding_window': 0, 'use_sliding_window': false",
                "mistral | 'sliding_window': null",
                "llama | 'num_local_experts': 0, 'num_experts_per_tok': 0",
                "llama | 'rope_scaling': null, 'head_dim': null",
                "llama | 'rope_scaling': {'type': 'dynamic', 'factor': 2}",
                "llama | 'rope_scaling': {'rope_type': 'proportional'}",
                "llama | 'rope_theta': 0.5",
                "gemma3_text | 'final_logit_softcapping': 0",
            })
    void takesWhatModelsHave(String modelType, String changes) throws IOException {
        String message = message(modelType, changes);
        assertTrue(message.contains("model.embed_tokens.weight is missing"), message);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '\u0001',
            value = {
                "{}}} | Unexpected close marker '}'",
                "{} {} | there is text behind its end",
                "{} x | Unrecognized token 'x'",
                "'' | it is empty",
            })
    void refusesTextBehindTheEnd(String content, String reason) throws IOException {
        RecordingFolder folder = new RecordingFolder().put(
                "config.json", content.replace("''", "").getBytes(StandardCharsets.UTF_8));
        String message = assertThrows(InvalidModelException.class, () -> Checkpoint.open(folder)).getMessage();
        assertTrue(message.startsWith("mem:model/config.json is not valid JSON: "), message);
        assertTrue(message.contains(reason), message);
        assertEquals(1, message.lines().count());
    }

    /** The converter drops the key (conversion/hunyuan.py, HunYuanModel). */
    @Test
    void expertsOfAFamilyWithoutAreNotLookedAt() throws IOException {
        String message = message("hunyuan_v1_dense", "'num_experts': 1, 'num_experts_per_tok': null");
        assertTrue(message.contains("tensor model.embed_tokens.weight is missing"), message);
    }
}
