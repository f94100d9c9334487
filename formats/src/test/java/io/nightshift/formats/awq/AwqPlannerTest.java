package io.nightshift.formats.awq;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.architecture.Architectures;
import io.nightshift.formats.architecture.LinearLayers;
import io.nightshift.formats.checkpoint.Checkpoint;
import io.nightshift.formats.layout.GeneratedFile;
import io.nightshift.formats.layout.Item;
import io.nightshift.formats.safetensors.SafetensorsTensor;
import io.nightshift.formats.storage.LocalFolder;
import io.nightshift.formats.storage.StoredFile;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class AwqPlannerTest {
    private static final Path FAMILIES = Path.of("src/test/resources/families");
    private static final long LARGE = 1L << 40;
    private static final ObjectMapper JSON = new ObjectMapper();

    @ParameterizedTest
    @ValueSource(strings = {"gemma-2", "gemma-2-f16", "gemma-3-text", "gemma-3-vision", "llama-3.1",
        "llama-bias-sharded", "mistral-f32", "mixtral-tied", "phi-3", "phi-3-longrope", "phi-4", "phi-4-mini",
        "qwen2.5-yarn", "qwen3", "qwen3-moe", "qwen3-moe-fused"})
    void everySourceByteIsUsedOnceAndEveryOutputByteIsFilled(String family) throws IOException {
        for (AwqFormat format : AwqFormat.values()) {
            Checkpoint checkpoint = family(family);
            AwqPlan plan = plan(checkpoint, new AwqOptions(format, 32, false, List.of()), 40_000);
            assertTrue(plan.shards().size() > 1);

            long sourceBytes = 0;
            Set<String> sources = new HashSet<>();
            Set<String> names = new HashSet<>();
            for (Item item : plan.layout().items().toList()) {
                if (item instanceof Item.Gathered packed) {
                    packed.tensors().forEach(tensor -> assertTrue(names.add(tensor.name()), tensor.name()));
                    sources.add(packed.linear().source().tensor().name());
                    sourceBytes += packed.linear().outputs() * packed.linear().inputs()
                            * packed.linear().source().tensor().type().bits() / 8;
                } else if (item instanceof Item.Copied copied) {
                    assertTrue(names.add(copied.tensor().name()), copied.tensor().name());
                    sources.add(copied.source().tensor().name());
                    sourceBytes += copied.length();
                    assertEquals(copied.source().tensor().type(), copied.tensor().type());
                }
            }
            assertEquals(checkpoint.tensors().stream().mapToLong(SafetensorsTensor::length).sum(), sourceBytes);
            assertEquals(checkpoint.tensors().size(), sources.size());
            for (int i = 0; i < plan.shards().size(); i++) {
                long next = plan.shards().get(i).header().length;
                for (Item item : plan.layout().files().get(i).items()) {
                    assertEquals(next, WrittenFolder.position(item));
                    next += item.length();
                }
                assertEquals(plan.shards().get(i).length(), next);
            }
        }
    }

    @Test
    void linearLayersBecomePackedTensorsUnderTheirOwnNames() throws IOException {
        AwqPlan plan = plan(family("llama-3.1"), new AwqOptions(AwqFormat.GEMM, 64, false, List.of()), LARGE);
        assertEquals(2 * 7, plan.units().size());
        PackedLinear down = unit(plan, "model.layers.1.mlp.down_proj");
        assertEquals(List.of(256L, 8L), tensor(plan, "model.layers.1.mlp.down_proj.qweight").shape());
        assertEquals(List.of(4L, 8L), tensor(plan, "model.layers.1.mlp.down_proj.qzeros").shape());
        assertEquals(List.of(4L, 64L), tensor(plan, "model.layers.1.mlp.down_proj.scales").shape());
        assertEquals(List.of("F16", "I32", "I32"),
                down.tensors().stream().map(tensor -> tensor.type().name()).sorted().toList());
        assertTrue(has(plan, "model.embed_tokens.weight"));
        assertTrue(has(plan, "model.layers.0.input_layernorm.weight"));
        assertFalse(has(plan, "model.layers.0.mlp.down_proj.weight"));
    }

    @Test
    void expertsOfOneTensorGetTheNamesThatLoadersKnow() throws IOException {
        Checkpoint fused = family("qwen3-moe-fused");
        AwqPlan plan = plan(fused, new AwqOptions(AwqFormat.COMPRESSED_TENSORS, 32, true, List.of()), LARGE);
        for (int expert = 0; expert < 3; expert++) {
            String name = "model.layers.1.mlp.experts." + expert;
            assertEquals(List.of(64L, 8L), tensor(plan, name + ".gate_proj.weight_packed").shape());
            assertTrue(has(plan, name + ".up_proj.weight_scale"));
            assertTrue(has(plan, name + ".down_proj.weight_shape"));
            assertFalse(has(plan, name + ".down_proj.weight_zero_point"));
            assertEquals(128 * expert, unit(plan, name + ".gate_proj").linear().source().firstRow());
            assertEquals(128 * expert + 64, unit(plan, name + ".up_proj").linear().source().firstRow());
            assertEquals(64 * expert, unit(plan, name + ".down_proj").linear().source().firstRow());
        }
        assertTrue(has(plan, "model.layers.0.mlp.gate.weight"));
        assertEquals(List.of("lm_head", "model.layers.0.mlp.gate", "model.layers.1.mlp.gate"),
                texts(quantization(plan).get("ignore")));
    }

    @Test
    void routersAndModulesLeftOutStayAndAreListed() throws IOException {
        AwqPlan plan = plan(family("mixtral-tied"), new AwqOptions(AwqFormat.GEMM, 32, false,
                List.of("model.layers.0.block_sparse_moe", "o_proj")), LARGE);
        assertTrue(plan.units().stream().noneMatch(unit -> unit.linear().module().contains("layers.0.block_sparse_moe")
                || unit.linear().module().endsWith("o_proj")));
        assertTrue(has(plan, "model.layers.0.block_sparse_moe.experts.1.w2.weight"));
        assertTrue(has(plan, "model.layers.1.block_sparse_moe.experts.1.w2.qweight"));
        List<String> listed = texts(quantization(plan).get("modules_to_not_convert"));
        assertTrue(listed.containsAll(List.of("lm_head", "model.layers.0.block_sparse_moe.experts",
                "model.layers.1.block_sparse_moe.gate", "model.layers.0.self_attn.o_proj")), listed.toString());
    }

    @Test
    void partsOfAMultimodalModelAreCopiedAndIgnored() throws IOException {
        Checkpoint checkpoint = family("gemma-3-vision");
        AwqPlan plan = plan(checkpoint, new AwqOptions(AwqFormat.COMPRESSED_TENSORS, 32, false, List.of()), LARGE);
        List<String> vision = checkpoint.tensors().stream().map(SafetensorsTensor::name)
                .filter(name -> name.contains("vision_tower")).toList();
        assertFalse(vision.isEmpty());
        vision.forEach(name -> assertTrue(has(plan, name), name));
        assertTrue(texts(quantization(plan).get("ignore")).contains("re:.*vision_tower.*"));
        String prefix = checkpoint.tensors().stream().map(SafetensorsTensor::name)
                .filter(name -> name.endsWith("layers.0.self_attn.q_proj.weight")).findFirst().orElseThrow();
        assertTrue(has(plan, prefix.replace(".weight", ".weight_packed")), prefix);
    }

    @Test
    void theConfigurationIsTheSourcesWithWhatAutoAwqAdds() throws IOException {
        Checkpoint checkpoint = family("llama-3.1");
        JsonNode config = config(plan(checkpoint, new AwqOptions(AwqFormat.GEMM, 32, true, List.of()), LARGE));
        assertEquals(JSON.readTree("{\"quant_method\":\"awq\",\"bits\":4,\"group_size\":32,\"zero_point\":true,"
                + "\"version\":\"gemm\",\"modules_to_not_convert\":[\"lm_head\"]}"), config.get("quantization_config"));
        assertEquals("nearest", config.get("nightshift").get("rounding").asText());
        ObjectNode source = (ObjectNode) JSON.readTree(checkpoint.folder().read("config.json"));
        assertEquals("bfloat16", source.get("torch_dtype").asText());
        source.put("torch_dtype", "float16");
        ObjectNode rest = config.deepCopy();
        rest.remove(List.of("quantization_config", "nightshift"));
        assertEquals(source, rest);
    }

    @Test
    void compressedTensorsKeepTheTypeAndDescribeTheirGroups() throws IOException {
        JsonNode config = config(
                plan(family("llama-3.1"), new AwqOptions(AwqFormat.COMPRESSED_TENSORS, 32, false, List.of()), LARGE));
        assertEquals("bfloat16", config.get("torch_dtype").asText());
        JsonNode quantization = config.get("quantization_config");
        assertEquals("compressed-tensors", quantization.get("quant_method").asText());
        assertEquals("pack-quantized", quantization.get("format").asText());
        assertEquals("compressed", quantization.get("quantization_status").asText());
        JsonNode group = quantization.get("config_groups").get("group_0");
        assertEquals(List.of("Linear"), texts(group.get("targets")));
        assertEquals(JSON.readTree("{\"actorder\":null,\"block_structure\":null,\"dynamic\":false,\"group_size\":32,"
                + "\"num_bits\":4,\"observer\":\"minmax\",\"observer_kwargs\":{},\"strategy\":\"group\","
                + "\"symmetric\":false,\"type\":\"int\"}"), group.get("weights"));

        JsonNode whole = quantization(plan(
                family("llama-3.1"), new AwqOptions(AwqFormat.COMPRESSED_TENSORS, -1, true, List.of()), LARGE))
                .get("config_groups").get("group_0").get("weights");
        assertEquals("channel", whole.get("strategy").asText());
        assertTrue(whole.get("group_size").isNull());
    }

    @Test
    void theTypeOfGemmaStaysBecauseItsActivationsDoNotFitHalfPrecision() throws IOException {
        assertEquals("bfloat16", config(plan(
                family("gemma-2"), new AwqOptions(AwqFormat.GEMM, 32, false, List.of()), LARGE))
                .get("torch_dtype").asText());
    }

    @Test
    void filesBesidesWeightsAreCopied() throws IOException {
        assertEquals(List.of("tokenizer.json", "tokenizer_config.json"),
                plan(family("qwen3"), new AwqOptions(AwqFormat.GEMM, 32, false, List.of()), LARGE).layout().copies().stream()
                        .map(StoredFile::name).toList());
        AwqPlan sharded = plan(
                family("llama-bias-sharded"), new AwqOptions(AwqFormat.GEMM, 32, false, List.of()), 20_000);
        assertTrue(sharded.layout().copies().stream().noneMatch(file -> file.name().contains("safetensors")));
        assertEquals(List.of("model.safetensors.index.json", "config.json"),
                sharded.layout().generated().stream().map(GeneratedFile::name).toList());
    }

    @Test
    void shapesThatCannotBePackedAreNamedWithTheOption() throws IOException {
        Checkpoint gemma = family("gemma-2-f16"); // 96 inputs of down_proj
        String message = refused(gemma, new AwqOptions(AwqFormat.GEMM, 64, false, List.of()));
        assertTrue(message.contains("mlp.down_proj.weight has 256 outputs and 96 inputs")
                && message.contains("group size 64") && message.contains(AwqOptions.LEAVE_OUT_OPTION), message);
        AwqPlan without = plan(gemma, new AwqOptions(AwqFormat.GEMM, 64, false, List.of("down_proj")), LARGE);
        assertEquals(2 * 6, without.units().size());
    }

    @Test
    void namesToLeaveOutMustFit() throws IOException {
        Checkpoint llama = family("llama-3.1");
        assertTrue(refused(llama, leftOut("down_prj")).contains("down_prj: no linear layer"));
        assertTrue(refused(llama, leftOut("lm_head")).contains("never quantized"));
        assertTrue(refused(llama, leftOut("q_proj")).contains("fuse them into one matrix"));
        assertTrue(refused(llama, leftOut("layers")).contains("leaves out every linear layer"));
        assertTrue(refused(family("qwen3-moe"), leftOut("model.layers.0.mlp.experts.1")).contains("fuse them"));
        assertEquals(2 * 7 - 3, plan(llama, new AwqOptions(AwqFormat.GEMM, 32, false,
                List.of("layers.0.self_attn.q_proj", "layers.0.self_attn.k_proj", "layers.0.self_attn.v_proj")), LARGE)
                .units().size());
    }

    @Test
    void shapesThatLoadersRefuseAreWarnedOf() throws IOException {
        // Hidden 64, feed-forward 256, heads of 64: 4 of queries and 2 of keys.
        List<String> warnings = plan(
                family("llama-3.1"), new AwqOptions(AwqFormat.GEMM, 128, false, List.of("self_attn", "gate_proj",
                        "up_proj")), LARGE).warnings();
        assertEquals(List.of("mlp.down_proj: cannot be loaded on 4 GPUs (tensor parallelism): 256 inputs in 4 slices"
                + " are not multiples of 128, the group size"), warnings);
        List<String> narrow = plan(family("llama-3.1"), new AwqOptions(AwqFormat.GEMM, 64, false, List.of()), LARGE)
                .warnings();
        assertTrue(narrow.contains("self_attn.q_proj, self_attn.k_proj, self_attn.v_proj: without vLLM's fast kernel"
                + " (Marlin) on one GPU: 64 inputs a GPU are no multiple of 128"), narrow.toString());
        assertTrue(plan(family("llama-3.1"), new AwqOptions(AwqFormat.GEMM, -1, false, List.of()), LARGE).warnings()
                .contains("mlp.down_proj: cannot be loaded on 2 GPUs (tensor parallelism): a group of a whole row"
                        + " cannot be cut"));
        // Phi keeps q, k and v in one matrix: heads of 16, 4 of queries and 2 each of keys and values.
        assertTrue(plan(family("phi-3"), new AwqOptions(AwqFormat.GEMM, 32, false, List.of()), LARGE).warnings()
                .contains("self_attn.qkv_proj: without vLLM's fast kernel (Marlin) on 4 GPUs (tensor parallelism): 48"
                        + " outputs a GPU are no multiple of 64"));
        assertTrue(plan(family("qwen3-moe"), new AwqOptions(AwqFormat.COMPRESSED_TENSORS, 32, false, List.of()), LARGE)
                .warnings().get(0).contains("only with symmetric integers"));
    }

    @ParameterizedTest
    @EnumSource
    void plansTravelToExecutors(AwqFormat format) throws Exception {
        AwqPlan plan = plan(family("qwen3-moe-fused"), new AwqOptions(format, 32, false, List.of()), 50_000);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
            out.writeObject(plan);
        }
        try (ObjectInputStream in = new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
            AwqPlan read = (AwqPlan) in.readObject();
            assertEquals(plan.layout().items().toList(), read.layout().items().toList());
            assertEquals(plan.layout().copies(), read.layout().copies());
        }
    }

    @Test
    void linearLayersAreThoseOfTheTable() throws IOException {
        Checkpoint phi = family("phi-3");
        assertEquals(List.of("qkv_proj", "o_proj", "gate_up_proj", "down_proj"),
                LinearLayers.of(Architectures.convert(phi)).stream()
                        .filter(linear -> linear.layer() == 0)
                        .map(linear -> linear.module().substring(linear.module().lastIndexOf('.') + 1))
                        .toList());
        assertThrows(IllegalArgumentException.class, () -> new AwqOptions(AwqFormat.GEMM, 48, false, List.of()));
        assertThrows(IllegalArgumentException.class, () -> AwqFormat.of("gemv"));
    }

    private static AwqOptions leftOut(String name) {
        return new AwqOptions(AwqFormat.GEMM, 32, false, List.of(name));
    }

    private static String refused(Checkpoint checkpoint, AwqOptions options) {
        return assertThrows(InvalidModelException.class, () -> plan(checkpoint, options, LARGE)).getMessage();
    }

    private static Checkpoint family(String name) throws IOException {
        return Checkpoint.open(new LocalFolder(FAMILIES.resolve(name)));
    }

    private static AwqPlan plan(Checkpoint checkpoint, AwqOptions options, long shardSize) throws IOException {
        return WrittenFolder.plan(checkpoint, options, shardSize);
    }

    private static PackedLinear unit(AwqPlan plan, String module) {
        return plan.units().stream().filter(unit -> unit.linear().module().equals(module)).findFirst().orElseThrow();
    }

    private static SafetensorsTensor tensor(AwqPlan plan, String name) {
        return plan.shards().stream().flatMap(shard -> shard.tensors().stream())
                .filter(tensor -> tensor.name().equals(name)).findFirst().orElseThrow();
    }

    private static boolean has(AwqPlan plan, String name) {
        return plan.shards().stream().flatMap(shard -> shard.tensors().stream())
                .anyMatch(tensor -> tensor.name().equals(name));
    }

    private static JsonNode config(AwqPlan plan) throws IOException {
        return JSON.readTree(plan.layout().generated().get(plan.layout().generated().size() - 1).content());
    }

    private static JsonNode quantization(AwqPlan plan) throws IOException {
        return config(plan).get("quantization_config");
    }

    private static List<String> texts(JsonNode array) {
        List<String> texts = new ArrayList<>();
        array.forEach(node -> texts.add(node.asText()));
        return texts;
    }
}
