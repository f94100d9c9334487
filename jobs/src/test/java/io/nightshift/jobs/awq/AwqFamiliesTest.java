package io.nightshift.jobs.awq;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.nightshift.formats.awq.AwqFormat;
import io.nightshift.formats.awq.AwqOptions;
import io.nightshift.formats.checkpoint.Checkpoint;
import io.nightshift.formats.safetensors.SafetensorsTensor;
import io.nightshift.formats.storage.LocalFolder;
import io.nightshift.jobs.evaluation.EvaluateResult;
import io.nightshift.jobs.quantize.OutputResult;
import io.nightshift.jobs.rounding.LinearReport;
import io.nightshift.jobs.rounding.RoundingOptions;
import io.nightshift.jobs.testing.FamilyRun;
import io.nightshift.jobs.testing.Fixtures;
import io.nightshift.jobs.testing.GeneratedCheckpoint;
import io.nightshift.jobs.testing.SparkCluster;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whole jobs on architectures that scales are folded otherwise in, and on channels that nothing comes in by. */
class AwqFamiliesTest {
    private static final AwqOptions FORMAT = new AwqOptions(AwqFormat.GEMM, 32, false, List.of());

    /** What tiny models have of shapes that cannot be packed. */
    private static final Map<String, List<String>> LEFT_OUT = Map.of("falcon-h1-gate-first", List.of("mamba.in_proj"));

    /** Of the families that a test has asked for. */
    private static final Map<String, Steps> MADE = new HashMap<>();

    @TempDir
    static Path shared;

    private static JavaSparkContext spark;

    @TempDir
    Path folder;

    /** What is made of a family: rounded to nearest, with scales, and with scales and error feedback. */
    private record Steps(Path model, OutputResult plain, OutputResult scaled, OutputResult both) {}

    @BeforeAll
    static void start() {
        spark = SparkCluster.local(2, Map.of());
    }

    @AfterAll
    static void stop() {
        spark.close();
    }

    private FamilyRun run() {
        return new FamilyRun(spark, folder);
    }

    private static OutputResult make(FamilyRun run, Path model, String statistics, RoundingOptions rounding, String output)
            throws IOException {
        AwqOptions format = new AwqOptions(FORMAT.format(), FORMAT.groupSize(), FORMAT.symmetric(),
                LEFT_OUT.getOrDefault(model.getFileName().toString(), List.of()));
        return run.make(
                model, rounding.needsStatistics() ? statistics : "", new AwqTarget(format, rounding, 1 << 30), output);
    }

    /** Made once for all tests. */
    private static Steps steps(String name) throws IOException {
        if (!MADE.containsKey(name)) {
            Path folder = Files.createDirectory(shared.resolve(name));
            Path model = GeneratedCheckpoint.names().contains(name)
                    ? GeneratedCheckpoint.write(name, folder) : Fixtures.family(name);
            FamilyRun run = new FamilyRun(spark, folder);
            String statistics = run.calibrate(model, 8);
            MADE.put(name, new Steps(model,
                    make(run, model, statistics, new RoundingOptions(false, 4, false, 0.01), "plain"),
                    make(run, model, statistics, new RoundingOptions(true, 4, false, 0.01), "scaled"),
                    make(run, model, statistics, new RoundingOptions(true, 4, true, 0.01), "both")));
        }
        return MADE.get(name);
    }

    private static byte[] tensor(Path model, String name) throws IOException {
        LocalFolder opened = new LocalFolder(model);
        SafetensorsTensor tensor = Checkpoint.readTensors(opened).stream()
                .filter(found -> found.name().equals(name))
                .findFirst()
                .orElseThrow();
        byte[] bytes = new byte[Math.toIntExact(tensor.length())];
        opened.readFully(tensor.file(), tensor.position(), bytes, 0, bytes.length);
        return bytes;
    }

    private static boolean same(Path model, OutputResult made, String name) throws IOException {
        return Arrays.equals(tensor(model, name), tensor(Path.of(made.location()), name));
    }

    @ParameterizedTest
    @ValueSource(strings = {"mixtral-tied", "qwen3-moe", "gemma-3-text", "phi-3", "llama-bias-sharded", "qwen2.5-yarn"})
    void foldedScalesLeaveTheModelAsItIsAndEachStepSavesLoss(String name) throws IOException {
        stepsSaveLoss(name);
    }

    @ParameterizedTest
    @ValueSource(strings = {"apertus", "arcee", "command-a", "command-r", "deepseek-v2", "deepseek-v3", "ernie4.5-moe",
        "falcon-h1-gate-first", "gemma4", "gemma4-moe", "mistral3", "glm4.5", "glm4.7-flash", "granite-moe",
        "granite-moe-shared", "granite4-one-group", "granite4-one-group-dense", "hunyuan-moe", "nemotron-h", "nemotron3",
        "nemotron3-super", "lfm2", "lfm2-moe", "olmo3-yarn", "qwen2-moe", "qwen3-next", "qwen3-vl-moe", "qwen3.5",
        "qwen3.5-moe", "seed-oss", "starcoder2"})
    void soTheyDoInRecentFamilies(String name) throws IOException {
        stepsSaveLoss(name);
    }

    @Test
    void aBlockBehindTheLastLayerStaysAsItIsAndLoadersAreToldSo() throws IOException {
        Path model = steps("glm4.5").model();
        OutputResult made = steps("glm4.5").plain();
        assertTrue(same(model, made, "model.layers.3.self_attn.q_proj.weight"));
        JsonNode config = new ObjectMapper().readTree(Path.of(made.location(), "config.json").toFile());
        List<String> kept = new ArrayList<>();
        config.get("quantization_config").get("modules_to_not_convert").forEach(module -> kept.add(module.asText()));
        assertTrue(kept.contains("model.layers.3"), kept.toString());
        assertTrue(kept.stream().noneMatch(module -> module.matches("(model\\.)?layers(\\.[012])?")), kept.toString());
    }

    /** What is compressed and decompressed is quantized as AutoAWQ and llm-compressor do it. */
    @Test
    void compressedQueriesKeysAndValuesAreScaledThroughTheirNorms() throws IOException {
        Path model = steps("deepseek-v3").model();
        OutputResult made = steps("deepseek-v3").scaled();
        Set<String> names = Checkpoint.readTensors(new LocalFolder(Path.of(made.location()))).stream()
                .map(SafetensorsTensor::name)
                .collect(Collectors.toSet());
        String layer = "model.layers.1.";
        for (String module : List.of("q_a_proj", "q_b_proj", "kv_a_proj_with_mqa", "kv_b_proj", "o_proj")) {
            assertTrue(names.contains(layer + "self_attn." + module + ".qweight"), module);
        }
        assertTrue(same(model, made, layer + "mlp.gate.e_score_correction_bias"));
        for (String scaled : List.of("input_layernorm.weight", "self_attn.q_a_layernorm.weight",
                "self_attn.kv_a_layernorm.weight", "post_attention_layernorm.weight", "mlp.gate.weight")) {
            assertFalse(same(model, made, layer + scaled), scaled);
        }
        JsonNode config = new ObjectMapper().readTree(Path.of(made.location(), "config.json").toFile());
        assertTrue(config.get("quantization_config").get("modules_to_not_convert").toString().contains(layer + "mlp.gate\""));
        made.linears().stream()
                .filter(linear -> linear.module().endsWith("o_proj"))
                .forEach(linear -> assertEquals(0, linear.scaleRatio(), linear.module()));
    }

    /** Of what a convolution has given, scales are folded into the rows that multiply it: its own weights stay. */
    @Test
    void convolutionsAndRoutersOfLfm2StayAndProjectionsBesideThemAreScaled() throws IOException {
        Path model = steps("lfm2-moe").model();
        OutputResult made = steps("lfm2-moe").scaled();
        Set<String> names = Checkpoint.readTensors(new LocalFolder(Path.of(made.location()))).stream()
                .map(SafetensorsTensor::name)
                .collect(Collectors.toSet());
        for (String module : List.of("0.conv.in_proj", "0.conv.out_proj", "0.feed_forward.w3", "1.feed_forward.experts.3.w1",
                "1.feed_forward.experts.3.w2", "2.self_attn.k_proj", "2.self_attn.out_proj")) {
            assertTrue(names.contains("model.layers." + module + ".qweight"), module);
        }
        for (String name : List.of("0.conv.conv.weight", "1.feed_forward.expert_bias", "2.self_attn.q_layernorm.weight")) {
            assertTrue(same(model, made, "model.layers." + name), name);
        }
        for (String scaled : List.of("0.operator_norm.weight", "1.ffn_norm.weight", "1.feed_forward.gate.weight",
                "2.operator_norm.weight")) {
            assertFalse(same(model, made, "model.layers." + scaled), scaled);
        }
        // Behind a convolution, and where two heads of queries share one of values.
        for (String module : List.of("conv.out_proj", "self_attn.out_proj")) {
            assertTrue(made.linears().stream()
                    .anyMatch(linear -> linear.module().endsWith(module) && linear.scaleRatio() > 0), module);
        }
        JsonNode config = new ObjectMapper().readTree(Path.of(made.location(), "config.json").toFile());
        String kept = config.get("quantization_config").get("modules_to_not_convert").toString();
        assertTrue(kept.contains("model.layers.1.feed_forward.gate\""), kept);
    }

    /** What the states give passes a norm, which takes scales; loaders know a shared expert's gate and up projection as one. */
    @Test
    void projectionsOfMambaAreScaledAndSharedExpertsOfGraniteAreOneLayer() throws IOException {
        Path model = steps("granite4-one-group").model();
        OutputResult made = steps("granite4-one-group").scaled();
        Set<String> names = Checkpoint.readTensors(new LocalFolder(Path.of(made.location()))).stream()
                .map(SafetensorsTensor::name)
                .collect(Collectors.toSet());
        for (String module : List.of("0.mamba.in_proj", "0.mamba.out_proj", "0.shared_mlp.input_linear",
                "0.shared_mlp.output_linear", "0.block_sparse_moe.experts.3.up_proj", "1.self_attn.q_proj")) {
            assertTrue(names.contains("model.layers." + module + ".qweight"), module);
        }
        assertTrue(names.stream().noneMatch(name -> name.contains("ffn_")), names.toString());
        for (String name : List.of("conv1d.weight", "conv1d.bias", "A_log", "D", "dt_bias")) {
            assertTrue(same(model, made, "model.layers.0.mamba." + name), name);
        }
        for (String scaled : List.of("0.input_layernorm.weight", "0.mamba.norm.weight", "0.post_attention_layernorm.weight",
                "0.block_sparse_moe.router.layer.weight", "1.input_layernorm.weight")) {
            assertFalse(same(model, made, "model.layers." + scaled), scaled);
        }
        for (String module : List.of("mamba.out_proj", "shared_mlp.output_linear")) {
            assertTrue(made.linears().stream()
                    .anyMatch(linear -> linear.module().endsWith(module) && linear.scaleRatio() > 0), module);
        }
        JsonNode config = new ObjectMapper().readTree(Path.of(made.location(), "config.json").toFile());
        String kept = config.get("quantization_config").get("modules_to_not_convert").toString();
        assertTrue(kept.contains("model.layers.0.block_sparse_moe.router"), kept);
        assertFalse(kept.contains("in_proj") || kept.contains("shared_mlp"), kept);
        assertTrue(made.warnings().contains("Mamba 2: vLLM cuts a quantized model by its groups of heads, of which there is"
                + " one, so that it cannot be loaded on 2, 4 GPUs with tensor parallelism"), made.warnings().toString());
    }

    private static AwqTarget leavingOut(AwqFormat format, String module) {
        return new AwqTarget(new AwqOptions(format, 32, false, List.of(module)),
                new RoundingOptions(false, 4, false, 0.01), 1 << 30);
    }

    @Test
    void mixersThatAreLeftOutAreNamedAsVllmCallsThemToo() throws IOException {
        for (var names : Map.of(
                "granite4-one-group", List.of("layers.0.mamba", "layers.0.mixer"),
                "lfm2-moe", List.of("layers.0.conv", "layers.0.short_conv"),
                "falcon-h1-gate-first", List.of("layers.0.mamba", "3.mixer")).entrySet()) {
            OutputResult made = run().make(steps(names.getKey()).model(), "",
                    leavingOut(AwqFormat.COMPRESSED_TENSORS, "in_proj"), "in-proj-" + names.getKey());
            JsonNode config = new ObjectMapper().readTree(Path.of(made.location(), "config.json").toFile());
            String ignored = config.get("quantization_config").get("ignore").toString();
            for (String name : names.getValue()) {
                assertTrue(ignored.contains("\"model." + name + ".in_proj\""), ignored);
            }
        }
    }

    /** vLLM builds Qwen3.5's further block and its vision tower by the same configuration. */
    @Test
    void whatStandsBesideTheLayersOfQwen35StaysAsItIsAndLoadersAreToldSo() throws IOException {
        Path model = steps("qwen3.5").model();
        OutputResult made = steps("qwen3.5").plain();
        String layers = "model.language_model.layers.";
        for (String name : List.of("mtp.layers.0.self_attn.q_proj.weight", "mtp.fc.weight",
                layers + "0.linear_attn.in_proj_a.weight", layers + "0.linear_attn.conv1d.weight")) {
            assertTrue(same(model, made, name), name);
        }
        JsonNode config = new ObjectMapper().readTree(Path.of(made.location(), "config.json").toFile());
        List<String> kept = new ArrayList<>();
        config.get("quantization_config").get("modules_to_not_convert").forEach(module -> kept.add(module.asText()));
        assertTrue(kept.containsAll(List.of("mtp", "visual", layers + "0.linear_attn.in_proj_a",
                layers + "2.linear_attn.in_proj_b")), kept.toString());
        assertTrue(kept.stream().noneMatch(module -> module.contains("in_proj_qkv")), kept.toString());
    }

    /** Loaders know q, k, v and z as one matrix, of which GGUF makes two tensors. */
    @Test
    void projectionsOfQwen3NextAreQuantizedAsTheCheckpointHasThem() throws IOException {
        Path model = steps("qwen3-next").model();
        OutputResult made = steps("qwen3-next").scaled();
        Set<String> names = Checkpoint.readTensors(new LocalFolder(Path.of(made.location()))).stream()
                .map(SafetensorsTensor::name)
                .collect(Collectors.toSet());
        String layer = "model.layers.0.linear_attn.";
        assertTrue(names.contains(layer + "in_proj_qkvz.qweight"), names.toString());
        assertTrue(names.stream().noneMatch(name -> name.contains("attn_qkv") || name.contains("attn_gate")), names.toString());
        for (String name : List.of(layer + "conv1d.weight", layer + "norm.weight", "mtp.layers.0.self_attn.q_proj.weight")) {
            assertTrue(same(model, made, name), name);
        }
        for (String name : List.of("model.layers.0.input_layernorm.weight", layer + "in_proj_ba.weight")) {
            assertFalse(same(model, made, name), name);
        }
        JsonNode config = new ObjectMapper().readTree(Path.of(made.location(), "config.json").toFile());
        String kept = config.get("quantization_config").get("modules_to_not_convert").toString();
        assertTrue(kept.contains('"' + layer + "in_proj_ba\"") && kept.contains("\"mtp\""), kept);
        assertFalse(kept.contains("in_proj_qkvz"), kept);
    }

    /**
     * What comes behind a matrix that is rounded as one sees both tensors that GGUF makes of it (Qwen3-Next), or its rows times
     * the factors of the configuration (Falcon-H1).
     */
    @ParameterizedTest
    @ValueSource(strings = {"qwen3-next", "falcon-h1-gate-first"})
    void layersAreRoundedForWhatRoundedOnesProduce(String name) throws IOException {
        Steps made = steps(name);
        FamilyRun run = new FamilyRun(spark, shared.resolve(name));
        OutputResult propagated = make(run, made.model(), shared.resolve(name).resolve("stats").toString(),
                new RoundingOptions(true, 4, true, 0.01).propagating(), "propagated");
        List<EvaluateResult.Score> scores = run.evaluate(made.model(), List.of(made.plain(), made.both(), propagated));
        double loss = scores.get(2).meanDivergence();
        assertTrue(loss < 0.8 * scores.get(0).meanDivergence(), scores.toString());
        assertTrue(loss < 1.1 * scores.get(1).meanDivergence(), scores.toString());
    }

    /** vLLM takes experts of Gemma 4 one by one, gate and up projection apart. */
    @Test
    void expertsOfGemma4AreApartAndWhatPassesANormIsNotScaled() throws IOException {
        Path model = steps("gemma4-moe").model();
        OutputResult made = steps("gemma4-moe").scaled();
        Set<String> names = Checkpoint.readTensors(new LocalFolder(Path.of(made.location()))).stream()
                .map(SafetensorsTensor::name)
                .collect(Collectors.toSet());
        String layer = "model.layers.0.";
        for (String module : List.of("experts.3.gate_proj", "experts.3.up_proj", "experts.3.down_proj", "mlp.up_proj")) {
            assertTrue(names.contains(layer + module + ".qweight"), module);
        }
        assertTrue(names.stream().noneMatch(name -> name.contains("gate_up_proj")), names.toString());
        assertFalse(names.contains("model.layers.5.self_attn.v_proj.qweight"));
        for (String same : List.of("input_layernorm.weight", "router.proj.weight", "router.scale", "router.per_expert_scale",
                "self_attn.q_norm.weight", "layer_scalar")) {
            assertTrue(same(model, made, layer + same), same);
        }
        assertFalse(same(model, made, layer + "pre_feedforward_layernorm.weight"));
        assertFalse(same(model, made, layer + "pre_feedforward_layernorm_2.weight"));
        made.linears().stream()
                .filter(linear -> linear.module().contains("self_attn"))
                .forEach(linear -> assertEquals(0, linear.scaleRatio(), linear.module()));
        JsonNode config = new ObjectMapper().readTree(Path.of(made.location(), "config.json").toFile());
        assertTrue(config.get("quantization_config").get("modules_to_not_convert").toString().contains(layer + "router.proj"));
    }

    /** vLLM takes experts of Qwen3-VL one by one, as llm-compressor writes them; the checkpoint has all of them transposed. */
    @Test
    void expertsOfQwen3VlAreTurnedRoundAndTheTowerStays() throws IOException {
        Path model = steps("qwen3-vl-moe").model();
        OutputResult made = steps("qwen3-vl-moe").scaled();
        Set<String> names = Checkpoint.readTensors(new LocalFolder(Path.of(made.location()))).stream()
                .map(SafetensorsTensor::name)
                .collect(Collectors.toSet());
        String layer = "model.language_model.layers.0.";
        for (String module : List.of("gate_proj", "up_proj", "down_proj")) {
            assertTrue(names.contains(layer + "mlp.experts.3." + module + ".qweight"), names.toString());
        }
        assertTrue(names.stream().noneMatch(name -> name.contains("gate_up_proj")), names.toString());
        assertTrue(same(model, made, "model.visual.blocks.0.attn.qkv.weight"));
        assertFalse(same(model, made, layer + "post_attention_layernorm.weight"));
        assertFalse(same(model, made, layer + "mlp.gate.weight"));
    }

    @Test
    void transposedExpertsThatAreLeftOutAreTurnedRoundAsWell() throws IOException {
        Path model = steps("qwen3-vl-moe").model();
        OutputResult made = run().make(model, "", leavingOut(AwqFormat.GEMM, "layers.0.mlp.experts"), "kept");
        String experts = "model.language_model.layers.0.mlp.experts.";
        int hidden = 256;
        int channels = 64;
        ByteBuffer stored = ByteBuffer.wrap(tensor(model, experts + "gate_up_proj"));
        ByteBuffer up = ByteBuffer.wrap(tensor(Path.of(made.location()), experts + "2.up_proj.weight"));
        for (int row = 0; row < channels; row++) {
            for (int column = 0; column < hidden; column++) {
                int at = (2 * hidden + column) * 2 * channels + channels + row;
                assertEquals(stored.getShort(2 * at), up.getShort(2 * (row * hidden + column)), row + ", " + column);
            }
        }
        List<EvaluateResult.Score> scores = new FamilyRun(spark, shared.resolve("qwen3-vl-moe"))
                .evaluate(model, List.of(steps("qwen3-vl-moe").plain(), made));
        assertTrue(scores.get(1).meanDivergence() < scores.get(0).meanDivergence(), scores.toString());
    }

    /** Loaders multiply what the projections give: folders hold the weights without those factors, and files with them. */
    @Test
    void factorsOfFalconH1AreNotInTheFolderAndItsBareNormTakesScales() throws IOException {
        Path model = steps("falcon-h1-gate-first").model();
        OutputResult made = steps("falcon-h1-gate-first").plain();
        String layer = "model.layers.0.";
        for (String name : List.of("mamba.in_proj.weight", "mamba.conv1d.weight", "pre_ff_layernorm.weight")) {
            assertTrue(same(model, made, layer + name), name);
        }
        OutputResult scaled = steps("falcon-h1-gate-first").scaled();
        // What is left out reads the norm's channels as well, so that these have no scales.
        assertTrue(same(model, scaled, layer + "input_layernorm.weight"));
        assertFalse(same(model, scaled, layer + "pre_ff_layernorm.weight"));
        Map<String, LinearReport> reports = new HashMap<>();
        scaled.linears().forEach(linear -> reports.put(linear.module(), linear));
        assertTrue(reports.get(layer + "feed_forward.gate_proj").scaleRatio() > 0, reports.toString());
        assertTrue(reports.get(layer + "feed_forward.down_proj").scaleRatio() > 0, reports.toString());
    }

    /** Keys that no loader reads would stand beside quantized queries, which vLLM refuses. */
    @Test
    void inputsOfLayersOfGemma4StayAsTheyAreAndKeysThatNothingReadsAreDropped() throws IOException {
        Path model = GeneratedCheckpoint.write("gemma4-e2b", folder);
        OutputResult made = make(run(), model, "", new RoundingOptions(false, 4, false, 0.01), "plain");
        Set<String> names = Checkpoint.readTensors(new LocalFolder(Path.of(made.location()))).stream()
                .map(SafetensorsTensor::name)
                .collect(Collectors.toSet());
        String layers = "model.language_model.layers.";
        assertTrue(names.contains(layers + "2.self_attn.k_proj.qweight"));
        assertTrue(names.contains(layers + "3.self_attn.q_proj.qweight"));
        assertTrue(names.stream().noneMatch(name -> name.matches(".*layers\\.[345]\\.self_attn\\.[kv]_.*")), names.toString());
        assertTrue(made.warnings().toString().contains("9 tensors are not in the output"), made.warnings().toString());
        for (String same : List.of(layers + "3.per_layer_input_gate.weight", layers + "0.per_layer_projection.weight",
                layers + "3.post_per_layer_input_norm.weight", layers + "0.input_layernorm.weight",
                "model.language_model.per_layer_model_projection.weight",
                "model.language_model.embed_tokens_per_layer.weight")) {
            assertTrue(same(model, made, same), same);
        }
        JsonNode kept = new ObjectMapper().readTree(Path.of(made.location(), "config.json").toFile())
                .get("quantization_config").get("modules_to_not_convert");
        for (String module : List.of("per_layer_model_projection", layers + "3.per_layer_input_gate",
                layers + "0.per_layer_projection")) {
            assertTrue(kept.toString().contains('"' + module + '"'), kept.toString());
        }
    }

    private static void stepsSaveLoss(String name) throws IOException {
        Steps made = steps(name);
        FamilyRun run = new FamilyRun(spark, shared.resolve(name));
        List<EvaluateResult.Score> scores = run.evaluate(made.model(), List.of(made.plain(), made.scaled(), made.both()));
        double nearest = scores.get(0).meanDivergence();
        // A scale that was folded into one side alone would cost far more than rounding to nearest does.
        assertTrue(scores.get(1).meanDivergence() < 1.1 * nearest, scores.toString());
        assertTrue(scores.get(2).meanDivergence() < 0.8 * nearest, scores.toString());
        List<LinearReport> linears = made.scaled().linears();
        assertTrue(linears.stream().anyMatch(linear -> linear.scaleRatio() > 0), linears.toString());
    }

    @Test
    void normsBeforeAttentionOfGemma3StayAndRoutersAreScaledWithTheirNorm() throws IOException {
        Path gemma = Fixtures.family("gemma-3-text");
        OutputResult made = steps("gemma-3-text").scaled();
        assertTrue(same(gemma, made, "model.layers.0.input_layernorm.weight"));
        assertFalse(same(gemma, made, "model.layers.0.pre_feedforward_layernorm.weight"));
        Path mixtral = Fixtures.family("mixtral-tied");
        OutputResult experts = steps("mixtral-tied").scaled();
        boolean norm = same(mixtral, experts, "model.layers.0.post_attention_layernorm.weight");
        assertEquals(norm, same(mixtral, experts, "model.layers.0.block_sparse_moe.gate.weight"));
        assertFalse(norm);
    }

    @Test
    void aChannelThatNothingComesInByIsReportedAndChangesNothing() throws IOException {
        // 128 tokens for 160 and more channels besides: no Gram matrix has an inverse.
        Path model = Fixtures.copy(Fixtures.family("mistral-f32"), folder.resolve("mistral-f32"));
        int silent = 5;
        SafetensorsTensor norm = Checkpoint.readTensors(new LocalFolder(model)).stream()
                .filter(found -> found.name().equals("model.layers.1.input_layernorm.weight"))
                .findFirst()
                .orElseThrow();
        try (FileChannel channel = FileChannel.open(model.resolve(norm.file()), StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.allocate(Float.BYTES), norm.position() + (long) silent * Float.BYTES);
        }
        String statistics = run().calibrate(model, 2);
        OutputResult plain = make(run(), model, statistics, new RoundingOptions(false, 4, false, 0), "plain");
        OutputResult made = make(run(), model, statistics, new RoundingOptions(true, 4, true, 0), "made");
        for (LinearReport linear : made.linears()) {
            boolean reads = linear.module().matches("model\\.layers\\.1\\.self_attn\\.[qkv]_proj");
            assertEquals(reads ? 1 : 0, linear.silentChannels(), linear.toString());
            if (linear.module().endsWith("down_proj")) {
                assertTrue(linear.dampingRaised(), linear.toString());
            }
        }
        // The channel stays switched off: neither it nor its scale is infinite or not a number.
        byte[] stored = tensor(Path.of(made.location()), "model.layers.1.input_layernorm.weight");
        assertArrayEquals(new byte[Float.BYTES],
                Arrays.copyOfRange(stored, silent * Float.BYTES, (silent + 1) * Float.BYTES));
        List<EvaluateResult.Score> scores = run().evaluate(model, List.of(plain, made));
        assertTrue(scores.get(1).meanDivergence() < scores.get(0).meanDivergence(), scores.toString());
    }
}
