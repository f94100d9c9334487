package io.nightshift.jobs.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.nightshift.jobs.testing.CommandRun;
import io.nightshift.jobs.testing.Fixtures;
import io.nightshift.jobs.testing.GeneratedCheckpoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Checkpoints of recent families, quantized from the command line: the files are those of llama-quantize. */
class RecentFamiliesTest {
    @TempDir
    Path folder;

    static List<String> names() throws IOException {
        List<String> names = new ArrayList<>();
        for (String name : GeneratedCheckpoint.names()) {
            // Of some logits alone are compared.
            if (GeneratedCheckpoint.golden(name).has("sha256")) {
                names.add(name);
            }
        }
        return names;
    }

    @ParameterizedTest
    @MethodSource("names")
    void theFilesAreThoseOfLlamaQuantize(String name) throws IOException {
        JsonNode golden = GeneratedCheckpoint.golden(name);
        Map<String, String> expected = new LinkedHashMap<>();
        List<String> targets = new ArrayList<>();
        golden.get("sha256").properties().forEach(entry -> {
            targets.add("gguf:" + entry.getKey());
            expected.put(name + "-" + entry.getKey() + ".gguf", entry.getValue().asText());
        });
        // The vision tower's are those of the converter itself.
        golden.path("mmproj").path("sha256").properties().forEach(entry -> {
            targets.add("mmproj:" + entry.getKey());
            expected.put("mmproj-" + name + "-" + entry.getKey() + ".gguf", entry.getValue().asText());
        });
        Path model = GeneratedCheckpoint.write(name, folder);
        List<String> arguments = new ArrayList<>(List.of("quantize", "--model", model.toString(), "--to",
                String.join(",", targets), "--output", folder.toString(), "--master", "local[2]"));
        if (GeneratedCheckpoint.needsPreTokenizer(golden)) {
            arguments.addAll(List.of("--pre-tokenizer", "qwen2"));
        }
        CommandRun run = CommandRun.of(arguments.toArray(String[]::new));
        assertEquals(0, run.exitCode(), run.err());
        Map<String, String> made = new LinkedHashMap<>();
        for (String file : expected.keySet()) {
            made.put(file, Fixtures.sha256(folder.resolve(file)));
        }
        assertEquals(expected, made);
    }

    /** Fine-tunes are often saved so: llama.cpp's converter takes them, and no loader takes its file. */
    @Test
    void aModelSavedWithoutItsPredictionBlockNeedsTheOption() throws IOException {
        assertNeedsTheOption("qwen3.5-moe", "mtp.", "\"mtp_num_hidden_layers\" is 1, but the checkpoint has no mtp tensors");
    }

    /** vLLM builds that block only where it is asked to predict by it. */
    @ParameterizedTest
    @CsvSource({"qwen3.5-moe, mtp.", "glm4.5, model.layers.3."})
    void foldersDoWithoutAPredictionBlockThatIsNotThere(String name, String prefix) throws IOException {
        Path model = GeneratedCheckpoint.write(name, folder, tensor -> !tensor.startsWith(prefix));
        CommandRun run = toFolder(model, "awq:w4g32");
        assertEquals(0, run.exitCode(), run.err());
        CommandRun both = toFolder(model, "awq:w4g32,gguf:Q8_0");
        assertEquals(2, both.exitCode());
        assertTrue(both.err().contains("--no-mtp"), both.err());
    }

    private CommandRun toFolder(Path model, String targets) {
        return CommandRun.of("quantize", "--model", model.toString(), "--to", targets, "--scales", "none", "--rounding",
                "nearest", "--output", folder.resolve("folders").toString(), "--master", "local[2]");
    }

    /** Without tensors that begin so it is refused, and taken with the option. */
    private void assertNeedsTheOption(String name, String prefix, String message) throws IOException {
        Path model = GeneratedCheckpoint.write(name, folder, tensor -> !tensor.startsWith(prefix));
        CommandRun refused = quantize(model, "Q8_0");
        assertEquals(2, refused.exitCode());
        assertTrue(refused.err().contains(message), refused.err());
        assertTrue(refused.err().contains("--no-mtp"), refused.err());
        CommandRun run = quantize(model, "Q8_0", "--no-mtp");
        assertEquals(0, run.exitCode(), run.err());
    }

    @Test
    void aGlmSavedWithoutItsPredictionBlockNeedsTheOption() throws IOException {
        assertNeedsTheOption("glm4.5", "model.layers.3.", "\"num_nextn_predict_layers\" is 1, but the checkpoint has no tensors"
                + " of that block (model.layers.3). Give --no-mtp");
    }

    @Test
    void aNumberOfALayerThatIsMissingIsNamed() throws IOException {
        Path model = GeneratedCheckpoint.write("apertus", folder, tensor -> !tensor.equals("model.layers.2.mlp.act_fn.beta"));
        CommandRun run = quantize(model, "Q8_0");
        assertEquals(2, run.exitCode());
        assertTrue(run.err().contains("tensor model.layers.2.mlp.act_fn.beta is missing"), run.err());
    }

    /** The first checkpoints of LFM2 number their layers with attention, and have other names for two keys. */
    @Test
    void firstConfigurationsOfLfm2MakeTheSameFile() throws IOException {
        Path model = GeneratedCheckpoint.write("lfm2", folder);
        Path file = model.resolve("config.json");
        ObjectMapper mapper = new ObjectMapper();
        ObjectNode config = (ObjectNode) mapper.readTree(file.toFile());
        config.remove("layer_types");
        config.putArray("full_attn_idxs").add(2);
        config.set("block_ff_dim", config.remove("intermediate_size"));
        config.set("tie_embedding", config.remove("tie_word_embeddings"));
        Files.writeString(file, config.toString());
        CommandRun run = quantize(model, "Q8_0");
        assertEquals(0, run.exitCode(), run.err());
        assertEquals(GeneratedCheckpoint.golden("lfm2").at("/sha256/Q8_0").asText(),
                Fixtures.sha256(folder.resolve("out").resolve("lfm2-Q8_0.gguf")));
    }

    @Test
    void theOptionIsRefusedWhereNoBlockIsKept() throws IOException {
        CommandRun run = quantize(GeneratedCheckpoint.write("olmo2", folder), "Q8_0", "--no-mtp");
        assertEquals(2, run.exitCode());
        assertTrue(run.err().contains("--no-mtp has no effect on Olmo2ForCausalLM"), run.err());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            smollm3|"silu"|"gelu"|"hidden_act" is "gelu", which is not known for SmolLM3ForCausalLM
            glm4.5|"silu"|"gelu"|"hidden_act" is "gelu", which is not known for Glm4MoeForCausalLM
            ernie4.5-moe|"silu"|"gelu"|"hidden_act" is "gelu", which is not known for Ernie4_5_MoeForCausalLM
            ernie4.5-moe|"moe_layer_end_index": 2|"moe_layer_end_index": 1|"moe_layer_end_index" is 1, which is not known
            granite4-tiny|"mamba"|"linear_attention"|"layer_types" is "linear_attention", which is not known for Granite
            granite4-tiny|"nope"|"rope"|"position_embedding_type" is "rope", which is not known for GraniteMoeHybrid
            granite4-tiny|"vocab_size": 320|"vocab_size": 321|"vocab_size" is 321, but must be a multiple of 8
            granite4-dense|"layer_types"|"kinds"|"layer_types" is missing
            lfm2-moe|"norm_topk_prob": true|"norm_topk_prob": false|"norm_topk_prob" is false, which is not known for Lfm2Moe
            lfm2-moe|"use_expert_bias": true|"use_expert_bias": false|"use_expert_bias" is false, which is not known for Lfm2Moe
            lfm2-moe|"routed_scaling_factor": 1.0|"routed_scaling_factor": 2.5|"routed_scaling_factor" is 2.5, which is not
            lfm2|"conv_bias": false|"conv_bias": true|"conv_bias" is true, which is not known for Lfm2ForCausalLM
            lfm2|"full_attention"|"sliding_attention"|"layer_types" is "sliding_attention", which is not known for Lfm2For
            qwen3-next|"linear_num_value_heads": 4|"linear_num_value_heads": 3|"linear_num_value_heads" is 3, but must be
            apertus|"xielu"|"silu"|"hidden_act" is "silu", which is not known for ApertusForCausalLM
            nemotron3|ME*E|ME*-|"layers_block_type" is "moe", which is not known for NemotronHForCausalLM
            nemotron-h|"relu2"|"silu"|"mlp_hidden_act" is "silu", which is not known for NemotronHForCausalLM
            falcon-h1|"mlp_multipliers"|"multipliers"|"mlp_multipliers" is no list with a number at place 0
            llama4|"interleave_moe_layer_step": 2|"interleave_moe_layer_step": 1|"moe_layers" is [1,3], but by
            deepseek-v3|"rope_interleave": true|"rope_interleave": false|"rope_interleave" is false, which is not known
            hunyuan-moe|"use_cla": false|"use_cla": true|"use_cla" is true, which is not known for HunYuanMoEV1ForCausalLM
            hunyuan-moe|moe_topk|topk|"moe_topk" is missing
            hunyuan-moe|`  1,`|`  2,`|"num_shared_expert" is [2,2,1], but must be a list of whole numbers, all the same
            hunyuan-moe|"intermediate_size": 96|"intermediate_size": 64|"moe_intermediate_size" is 96, which is not known for
            hunyuan-moe|"alpha": 1000.0|"alpha": 50.0|"alpha" is 50.0 and a head has 128 channels; known are 1000 and 128
            hunyuan-moe|"routed_scaling_factor": false|"routed_scaling_factor": 2.5|"routed_scaling_factor" is 2.5, which is not
            glm4.7-flash|first_k_dense_replace|first_dense|"first_k_dense_replace" is missing
            """)
    void variantsAreRefusedByTheValueThatIsNotKnown(String name, String given, String other, String said)
            throws IOException {
        Path model = GeneratedCheckpoint.write(name, folder);
        Path config = model.resolve("config.json");
        Files.writeString(config, Files.readString(config).replace(given, other));
        CommandRun run = quantize(model, "Q8_0");
        assertEquals(2, run.exitCode());
        assertTrue(run.err().contains(said), run.err());
    }

    /** Those of vLLM and transformers take them in MXFP4 and unquantized. */
    @Test
    void expertsWithBiasesAreNotMadeIntoWhatNoLoaderOfAwqReads() throws IOException {
        Path model = GeneratedCheckpoint.write("gpt-oss-bf16", folder);
        CommandRun run = CommandRun.of("quantize", "--model", model.toString(), "--to", "awq:w4g32", "--scales", "none",
                "--rounding", "nearest", "--output", folder.resolve("out").toString(), "--master", "local[2]");
        assertEquals(2, run.exitCode());
        assertTrue(run.err().contains("gpt-oss-bf16: its experts have biases (blk.0.ffn_gate_exps.bias), and no loader of AWQ"
                + " folders reads such experts: vLLM and transformers read those of gpt-oss unquantized or in MXFP4;"
                + " choose gguf"), run.err());
    }

    private CommandRun quantize(Path model, String type, String... options) {
        List<String> arguments = new ArrayList<>(List.of("quantize", "--model", model.toString(), "--to", "gguf:" + type,
                "--output", folder.resolve("out").toString(), "--master", "local[2]", "--pre-tokenizer", "qwen2"));
        arguments.addAll(List.of(options));
        return CommandRun.of(arguments.toArray(String[]::new));
    }
}
