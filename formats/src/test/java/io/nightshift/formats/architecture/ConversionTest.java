package io.nightshift.formats.architecture;

import static org.junit.jupiter.api.Assertions.assertEquals;
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
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is checked when a table is applied, on a Llama of two layers that each test spoils or changes. */
class ConversionTest {
    private record Tensor(SafetensorsType type, long[] shape) {}

    private final Map<String, Tensor> tensors = new LinkedHashMap<>();
    private String config = """
            {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 8, "intermediate_size": 12,
             "num_hidden_layers": 2, "num_attention_heads": 2, "num_key_value_heads": 1, "vocab_size": 10}
            """;

    @BeforeEach
    void aSoundLlama() {
        put("model.embed_tokens.weight", 10, 8);
        put("model.norm.weight", 8);
        put("lm_head.weight", 10, 8);
        for (int i = 0; i < 2; i++) {
            String layer = "model.layers." + i + ".";
            put(layer + "input_layernorm.weight", 8);
            put(layer + "post_attention_layernorm.weight", 8);
            put(layer + "self_attn.q_proj.weight", 8, 8);
            put(layer + "self_attn.k_proj.weight", 4, 8);
            put(layer + "self_attn.v_proj.weight", 4, 8);
            put(layer + "self_attn.o_proj.weight", 8, 8);
            put(layer + "mlp.gate_proj.weight", 12, 8);
            put(layer + "mlp.up_proj.weight", 12, 8);
            put(layer + "mlp.down_proj.weight", 8, 12);
        }
    }

    private void put(String name, long... shape) {
        put(name, SafetensorsType.BF16, shape);
    }

    private void put(String name, SafetensorsType type, long... shape) {
        tensors.put(name, new Tensor(type, shape));
    }

    private ModelConversion convert(Map<String, String> files) throws IOException {
        SafetensorsBytes weights = new SafetensorsBytes();
        tensors.forEach((name, tensor) -> weights.add(name, tensor.type(), tensor.shape()));
        RecordingFolder folder = new RecordingFolder()
                .put("config.json", config.getBytes(StandardCharsets.UTF_8))
                .put("model.safetensors", weights.bytes());
        files.forEach((name, content) -> folder.put(name, content.getBytes(StandardCharsets.UTF_8)));
        return Architectures.convert(Checkpoint.open(folder));
    }

    private ModelConversion convert() throws IOException {
        return convert(Map.of());
    }

    private void assertRefused(String reason) {
        assertRefused(reason, Map.of());
    }

    private void assertRefused(String reason, Map<String, String> files) {
        String message = assertThrows(InvalidModelException.class, () -> convert(files)).getMessage();
        assertTrue(message.contains(reason), message);
    }

    private static TensorRecipe recipe(ModelConversion conversion, String name) {
        return conversion.tensors().stream().filter(tensor -> tensor.name().equals(name)).findFirst().orElseThrow();
    }

    @Test
    void everyTensorHasItsPlace() throws IOException {
        ModelConversion conversion = convert();

        assertEquals(21, conversion.tensors().size());
        assertEquals(GgmlType.BF16, recipe(conversion, "blk.1.ffn_down.weight").type());
        assertEquals(List.of(12L, 8L), recipe(conversion, "blk.1.ffn_down.weight").shape());
        assertEquals(GgmlType.F32, recipe(conversion, "blk.1.ffn_norm.weight").type());
        assertEquals(List.of(), conversion.leftOut());
    }

    @Test
    void theFirstMatrixOf16BitsDecidesTheType() throws IOException {
        put("model.norm.weight", SafetensorsType.BF16, 8);
        tensors.replaceAll((name, tensor) ->
                tensor.shape().length == 1 ? tensor : new Tensor(SafetensorsType.F32, tensor.shape()));
        assertEquals(GgmlType.F16, convert().matrixType());
        put("model.layers.1.mlp.up_proj.weight", SafetensorsType.BF16, 12, 8);
        assertEquals(GgmlType.BF16, convert().matrixType());
        put("model.layers.0.mlp.up_proj.weight", SafetensorsType.F16, 12, 8);
        assertEquals(GgmlType.F16, convert().matrixType());
    }

    @Test
    void anUnknownArchitectureIsAnsweredWithTheSupportedOnes() {
        config = config.replace("LlamaForCausalLM", "MambaForCausalLM");
        assertRefused("the architecture MambaForCausalLM is not supported; those of docs/families.md are: llama, ");
        assertRefused("phi3");
    }

    @Test
    void aMissingTensorIsNamed() {
        tensors.remove("model.layers.1.mlp.up_proj.weight");
        assertRefused("tensor model.layers.1.mlp.up_proj.weight is missing");
    }

    @Test
    void aTensorWithoutAPlaceIsNamed() {
        put("model.layers.2.mlp.up_proj.weight", 12, 8);
        assertRefused("tensor model.layers.2.mlp.up_proj.weight has no place in the architecture LlamaForCausalLM");
    }

    @Test
    void buffersAndOtherPartsOfMultimodalModelsAreLeftOut() throws IOException {
        put("model.layers.0.self_attn.rotary_emb.inv_freq", SafetensorsType.F32, 2);
        put("vision_tower.embeddings.weight", SafetensorsType.F8_E4M3, 2, 2);
        put("multi_modal_projector.linear.weight", 2, 2);
        assertEquals(3, convert().leftOut().size());
    }

    @Test
    void namesOfALanguageModelWithinAnotherAreUnderstood() throws IOException {
        Map<String, Tensor> plain = new LinkedHashMap<>(tensors);
        tensors.clear();
        plain.forEach((name, tensor) -> tensors.put("language_model." + name, tensor));
        assertEquals(21, convert().tensors().size());
        put("model.norm.weight", 8);
        assertRefused("tensors language_model.model.norm.weight and model.norm.weight are both model.norm.weight");
    }

    @Test
    void shapesFollowFromTheConfiguration() {
        put("model.layers.1.self_attn.k_proj.weight", 8, 8);
        assertRefused("tensor model.layers.1.self_attn.k_proj.weight is of shape [8, 8], but by config.json it must be"
                + " [4, 8]");
    }

    @Test
    void sizesThatOverflowAreRefused() {
        config = config.replace("\"num_attention_heads\": 2",
                "\"num_attention_heads\": 4294967295, \"head_dim\": 4294967295");
        assertRefused("its sizes make a tensor of 2^63 weights or more");
    }

    @Test
    void weightsOfOtherTypesAreRefused() {
        put("model.layers.1.mlp.up_proj.weight", SafetensorsType.F8_E5M2, 12, 8);
        assertRefused("tensor model.layers.1.mlp.up_proj.weight is of type F8_E5M2, but only BF16, F16, F32 and F64");
        put("model.layers.1.mlp.up_proj.weight", SafetensorsType.F8_E4M3, 12, 8);
        assertRefused("tensor model.layers.1.mlp.up_proj.weight is of type F8_E4M3, but"
                + " model.layers.1.mlp.up_proj.weight_scale_inv, which it is multiplied with, is missing");
    }

    @Test
    void theOutputMatrixMayBeMissingOnlyWhereItIsTied() throws IOException {
        tensors.remove("lm_head.weight");
        assertRefused("tensor lm_head.weight is missing");
        config = config.replace("{", "{\"tie_word_embeddings\": true,");
        assertEquals(20, convert().tensors().size());
    }

    @Test
    void aMissingOutputMatrixIsExplainedByTheKeyThatAsksForIt() {
        tensors.remove("lm_head.weight");
        assertRefused("tensor lm_head.weight is missing, which LlamaForCausalLM needs where \"tie_word_embeddings\" is"
                + " false in config.json, as it is for this model type where the key is absent. If the output uses the"
                + " embedding, set it to true");
        config = config.replace("{", "{\"tie_word_embeddings\": false,");
        assertRefused("is false in config.json. If the output uses the embedding, set it to true");
    }

    @ParameterizedTest
    @CsvSource({
        "base_model.model., PEFT's wrapper: merge the adapter",
        "_orig_mod., that of torch.compile",
        "module., that of DataParallel",
        "_fsdp_wrapped_module., that of FullyShardedDataParallel",
        "trainer.net., not this architecture's",
    })
    void theWrapperOfNamesIsNamed(String prefix, String remedy) {
        Map<String, Tensor> plain = new LinkedHashMap<>(tensors);
        tensors.clear();
        plain.forEach((name, tensor) -> tensors.put(prefix + name, tensor));
        assertRefused("tensor " + prefix + "model.embed_tokens.weight bears \"" + prefix + "\", " + remedy);
    }

    @Test
    void aWrapperWithinNamesIsNamed() {
        Map<String, Tensor> plain = new LinkedHashMap<>(tensors);
        tensors.clear();
        plain.forEach((name, tensor) -> tensors.put(name.replace("self_attn", "_orig_mod.self_attn"), tensor));
        assertRefused("bears \"_orig_mod.\", that of torch.compile");
    }

    @Test
    void anAdapterBesideTheWeightsIsNamed() {
        put("model.layers.0.self_attn.q_proj.lora_A.weight", 2, 8);
        assertRefused("q_proj.lora_A.weight belongs to a LoRA adapter that is not merged: merge it");
    }

    @Test
    void namesOfTensorsAreShownEscapedAndCut() {
        String name = "model.\\u001b[31m" + "x".repeat(300);
        put(name, 2);
        assertRefused("tensor model.\\u001b[31m" + "x".repeat(200 - 11) + "... (311 characters) has no place");
    }

    @Test
    void aBiasStandsInAllLayersOrInNone() throws IOException {
        put("model.layers.1.self_attn.q_proj.bias", 8);
        assertRefused("tensor model.layers.0.self_attn.q_proj.bias is missing");
        put("model.layers.0.self_attn.q_proj.bias", 8);
        assertEquals(List.of(8L), recipe(convert(), "blk.0.attn_q.bias").shape());
    }

    @Test
    void anOddHeadIsRefused() {
        config = config.replace("\"num_key_value_heads\": 1", "\"num_key_value_heads\": 1, \"head_dim\": 3");
        List.of("0", "1").forEach(layer -> {
            put("model.layers." + layer + ".self_attn.q_proj.weight", 6, 8);
            put("model.layers." + layer + ".self_attn.k_proj.weight", 3, 8);
            put("model.layers." + layer + ".self_attn.v_proj.weight", 3, 8);
            put("model.layers." + layer + ".self_attn.o_proj.weight", 8, 6);
        });
        assertRefused("heads of 3 channels cannot be rotated");
    }

    @Test
    void expertsMustBeComplete() throws IOException {
        config = config.replace("LlamaForCausalLM", "MixtralForCausalLM")
                .replace("\"model_type\": \"llama\"", "\"model_type\": \"mixtral\", \"num_local_experts\": 2");
        for (String name : new ArrayList<>(tensors.keySet())) {
            if (name.contains(".mlp.")) {
                tensors.remove(name);
            }
        }
        for (int layer = 0; layer < 2; layer++) {
            String moe = "model.layers." + layer + ".block_sparse_moe.";
            put(moe + "gate.weight", 2, 8);
            for (int expert = 0; expert < 2; expert++) {
                put(moe + "experts." + expert + ".w1.weight", 12, 8);
                put(moe + "experts." + expert + ".w2.weight", 8, 12);
                put(moe + "experts." + expert + ".w3.weight", 12, 8);
            }
        }
        assertEquals(List.of(8L, 12L, 2L), recipe(convert(), "blk.1.ffn_up_exps.weight").shape());
        assertEquals(GgmlType.F32, recipe(convert(), "blk.1.ffn_gate_inp.weight").type());

        String expert = "model.layers.1.block_sparse_moe.experts.1.w3.weight";
        tensors.remove(expert);
        assertRefused("tensor " + expert + " is missing");
        put(expert, SafetensorsType.F16, 12, 8);
        TensorRecipe.Stored stored = (TensorRecipe.Stored) recipe(convert(), "blk.1.ffn_up_exps.weight").content();
        assertEquals(GgmlType.F32, stored.type());
        put(expert, 12, 8);
        stored = (TensorRecipe.Stored) recipe(convert(), "blk.1.ffn_up_exps.weight").content();
        assertEquals(GgmlType.BF16, stored.type());
        put(expert.replace("experts.1", "experts.2"), 12, 8);
        assertRefused("experts.2.w3.weight has no place");
    }

    @Test
    void embeddingModelsAndRerankersAreRefused() throws IOException {
        config = config.replace("LlamaForCausalLM", "Qwen3ForCausalLM")
                .replace("\"llama\"", "\"qwen3\", \"head_dim\": 4");
        List.of("0", "1").forEach(layer -> {
            put("model.layers." + layer + ".self_attn.q_norm.weight", 4);
            put("model.layers." + layer + ".self_attn.k_norm.weight", 4);
        });
        Map<String, String> withoutPooling = Map.of("modules.json", "[{\"type\": \"models.Transformer\"}]");
        assertEquals("qwen3", convert(withoutPooling).architecture().name());
        assertRefused("embedding models", Map.of("modules.json", "[{\"type\": \"models.Pooling\"}]"));
        assertRefused("rerankers are not supported", Map.of("README.md", "# Qwen3-Reranker-0.6B"));
    }

    /** A Gemma 4 of other sizes than the tensors. */
    private void gemma4(String keys) {
        config = """
                {"architectures": ["Gemma4ForCausalLM"], "model_type": "gemma4_text", "hidden_size": 16,
                 "intermediate_size": 12, "num_hidden_layers": 2, "num_attention_heads": 2, "vocab_size": 10, %s}
                """.formatted(keys);
    }

    @Test
    void headsAsLargeAsNoneAreDoNotFillTheMemoryWithFactors() {
        gemma4("\"global_head_dim\": 4294967295");
        assertRefused("tensor model.embed_tokens.weight is of shape [10, 8], but by config.json it must be [10, 16]");
    }

    /** llama.cpp goes by the places of the layers whose keys are shared, transformers by their types. */
    @Test
    void layersWhoseKeysAreSharedMustBeTheLastBeforeThoseThatShare() {
        gemma4("\"num_kv_shared_layers\": 1, \"layer_types\": [\"sliding_attention\", \"full_attention\"]");
        assertRefused("\"num_kv_shared_layers\" is 1 of 2 layers");
        config = config.replace("\"num_hidden_layers\": 2", "\"num_hidden_layers\": 3")
                .replace("[\"sliding_attention\"", "[\"full_attention\", \"sliding_attention\"");
        assertRefused("must end with one of sliding and one of full attention");
        gemma4("\"layer_types\": [\"sliding_attention\", \"chunked_attention\"]");
        assertRefused("chunked_attention");
    }

    @Test
    void keysOfLayersThatAreNoNumbersSayNothing() {
        gemma4("\"per_layer_config\": {\"a\": {\"head_dim\": 8}, \"99999999999\": {\"head_dim\": 8}}");
        assertRefused("neither \"global_head_dim\" nor \"per_layer_config\" says how large the heads");
    }

    @Test
    void numbersThatNoLayerHasAreNoLayers() {
        assertEquals(OptionalInt.of(999999999), SourceNames.layer("model.layers.999999999.x"));
        assertEquals(OptionalInt.empty(), SourceNames.layer("model.layers.99999999999.x"));
        config = """
                {"architectures": ["Qwen3_5ForCausalLM"], "model_type": "qwen3_5_text", "hidden_size": 8,
                 "intermediate_size": 12, "num_hidden_layers": 2, "num_attention_heads": 2, "vocab_size": 10}
                """;
        put("mtp.layers.99999999999999999999.x", 8);
        assertRefused("mtp tensors");
    }
}
