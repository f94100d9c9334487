package io.nightshift.jobs.quantize;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.nightshift.formats.awq.AwqFormat;
import io.nightshift.formats.awq.AwqOptions;
import io.nightshift.formats.checkpoint.Checkpoint;
import io.nightshift.formats.forward.ActivationObserver;
import io.nightshift.formats.safetensors.SafetensorsTensor;
import io.nightshift.formats.statistics.CalibrationManifest;
import io.nightshift.formats.storage.LocalFolder;
import io.nightshift.jobs.awq.AwqTarget;
import io.nightshift.jobs.exl2.BlockError;
import io.nightshift.jobs.exl2.Exl2Target;
import io.nightshift.jobs.forward.GroupPass;
import io.nightshift.jobs.forward.HiddenStates;
import io.nightshift.jobs.forward.ModelReference;
import io.nightshift.jobs.forward.ModelStep;
import io.nightshift.jobs.forward.SequenceGroup;
import io.nightshift.jobs.forward.SourceModel;
import io.nightshift.jobs.forward.StoredStates;
import io.nightshift.jobs.output.OutputFolder;
import io.nightshift.jobs.rounding.RoundingOptions;
import io.nightshift.jobs.tasks.KeptResults;
import io.nightshift.jobs.tasks.Progress;
import io.nightshift.jobs.tasks.RunCache;
import io.nightshift.jobs.tasks.RunId;
import io.nightshift.jobs.testing.FamilyRun;
import io.nightshift.jobs.testing.Fixtures;
import io.nightshift.jobs.testing.SparkCluster;
import io.nightshift.jobs.text.RecordedTokens;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class PropagatePhaseTest {
    @TempDir
    Path folder;

    private static Target exl2(RoundingOptions rounding) {
        return new Exl2Target(4, 8, BlockError.GRAM, Optional.empty(), rounding, 1 << 30);
    }

    private static Target awq(RoundingOptions rounding, String... leftOut) {
        return new AwqTarget(new AwqOptions(AwqFormat.GEMM, 32, false, List.of(leftOut)), rounding, 1 << 30);
    }

    private static RoundingOptions rounding(boolean scaled) {
        return new RoundingOptions(scaled, 3, true, 0.001);
    }

    private QuantizeRequest request(Path model, Target target, String statistics, String output) {
        return QuantizeRequest.of(model.toString(), List.of(target), folder.resolve(output).toString())
                .with(new StatisticsSource.Folder(statistics));
    }

    private static String make(JavaSparkContext spark, QuantizeRequest request) throws IOException {
        return QuantizeJob.plan(request, FamilyRun.SETTINGS, Progress.NONE).run(spark).outputs().get(0).location();
    }

    static Stream<Arguments> models() {
        return Stream.of(
                Arguments.of("llama-bias-sharded", exl2(rounding(false).propagating())),
                Arguments.of("mixtral-tied", exl2(rounding(true).propagating())),
                Arguments.of("qwen3-moe-fused", exl2(rounding(false).propagating())),
                Arguments.of("phi-3", awq(rounding(true).propagating())),
                Arguments.of("mixtral-tied", awq(rounding(false).propagating(), "layers.0")));
    }

    /** Before its last step an output is rounded for the states that it has there itself when it is finished. */
    @ParameterizedTest
    @MethodSource("models")
    void layersAreRoundedForWhatTheOutputItselfComputes(String name, Target target) throws IOException {
        Path model = Fixtures.family(name);
        try (JavaSparkContext spark = SparkCluster.local(2, Map.of())) {
            String statistics = new FamilyRun(spark, folder).calibrate(model, 4);
            QuantizeRequest request = request(model, target, statistics, "out");
            String made = make(spark, request);
            QuantizeJob job = QuantizeJob.plan(request, FamilyRun.SETTINGS, Progress.NONE);
            try (TargetRun run = new TargetRun(spark, request, FamilyRun.SETTINGS, Progress.NONE, job.model(),
                    job.statistics(), OutputFolder.open(request.output(), FamilyRun.SETTINGS))) {
                KeptResults kept = run.prepare(job.targets()).outputs().get(0).kept();
                PropagatePhase.Reached reached =
                        kept.find(PropagatePhase.REACHED, PropagatePhase.Reached.class).orElseThrow();
                float[] seen = joined(StoredStates.of(kept.files(), reached.states()).load());
                SourceModel source =
                        SourceModel.open(model.toString(), Optional.empty(), FamilyRun.SETTINGS, warning -> { });
                float[] before = states(spark, model.toString(), source, statistics, reached.steps());
                float[] behind = states(spark, made, source, statistics, reached.steps());
                double change = distance(before, behind);
                assertTrue(change > 1e-3 && distance(seen, behind) < 0.02 * change,
                        change + ", but " + distance(seen, behind));
            }
        }
    }

    /** What the halves of a model's layers give, after some of them. */
    private static float[] states(
            JavaSparkContext spark, String location, SourceModel source, String statistics, int halves) throws IOException {
        RunId run = RunId.create();
        try {
            return states(ModelReference.find(run, location, source, FamilyRun.SETTINGS), statistics, halves);
        } finally {
            RunCache.end(run, spark);
        }
    }

    private static float[] states(ModelReference reference, String statistics, int halves) throws IOException {
        List<int[]> sequences = RecordedTokens.read(statistics + "/" + CalibrationManifest.TOKENS, FamilyRun.SETTINGS)
                .sequences().sequences();
        List<HiddenStates> behind = new ArrayList<>();
        for (SequenceGroup group : SequenceGroup.cut(sequences, sequences.size())) {
            HiddenStates states = GroupPass.embed(reference, group);
            for (ModelStep step : ModelStep.halves(reference.model()).subList(0, halves)) {
                states = GroupPass.step(reference, step, states, ActivationObserver.NONE).states();
            }
            behind.add(states);
        }
        return joined(behind);
    }

    private static float[] joined(List<HiddenStates> states) {
        float[] all = new float[states.stream().mapToInt(group -> group.values().length).sum()];
        int at = 0;
        for (HiddenStates group : states) {
            System.arraycopy(group.values(), 0, all, at, group.values().length);
            at += group.values().length;
        }
        return all;
    }

    private static double distance(float[] some, float[] others) {
        double change = 0;
        double all = 0;
        for (int i = 0; i < others.length; i++) {
            change += Math.pow(some[i] - others[i], 2);
            all += Math.pow(others[i], 2);
        }
        return Math.sqrt(change / all);
    }

    private static Map<String, String> digests(String made) throws IOException {
        Map<String, String> digests = new TreeMap<>();
        for (Path file : Fixtures.files(Path.of(made))) {
            digests.put(file.getFileName().toString(), Fixtures.sha256(file));
        }
        return digests;
    }

    private static Map<String, byte[]> tensors(String made) throws IOException {
        LocalFolder opened = new LocalFolder(Path.of(made));
        Map<String, byte[]> tensors = new HashMap<>();
        for (SafetensorsTensor tensor : Checkpoint.readTensors(opened)) {
            byte[] bytes = new byte[Math.toIntExact(tensor.length())];
            opened.readFully(tensor.file(), tensor.position(), bytes, 0, bytes.length);
            tensors.put(tensor.name(), bytes);
        }
        return tensors;
    }

    @Test
    void theFirstHalfIsAsWithTheModelsOwnStatesAndAnInterruptionChangesNothing() throws Exception {
        Path model = Fixtures.family("llama-bias-sharded");
        Target target = exl2(rounding(true).propagating());
        Map<String, String> expected;
        String statistics;
        try (JavaSparkContext spark = SparkCluster.local(1, Map.of())) {
            statistics = new FamilyRun(spark, folder).calibrate(model, 4);
            String made = make(spark, request(model, target, statistics, "quantized"));
            String original = make(spark, request(model, exl2(rounding(true)), statistics, "original"));
            expected = digests(made);
            Map<String, byte[]> tensors = tensors(made);
            Map<String, byte[]> ofOriginal = tensors(original);
            assertEquals(ofOriginal.keySet(), tensors.keySet());
            for (String name : List.of("q_proj.q_weight", "q_proj.q_scale", "k_proj.q_weight", "v_proj.q_weight",
                    "o_proj.q_weight", "o_proj.q_scale_max", "o_proj.q_invperm")) {
                String first = "model.layers.0.self_attn." + name;
                assertArrayEquals(ofOriginal.get(first), tensors.get(first), first);
            }
            for (String name : List.of("model.layers.0.mlp.gate_proj.q_weight", "model.layers.0.mlp.down_proj.q_weight",
                    "model.layers.2.self_attn.o_proj.q_weight", "lm_head.q_weight")) {
                assertFalse(Arrays.equals(ofOriginal.get(name), tensors.get(name)), name);
            }
        }
        try (JavaSparkContext spark = SparkCluster.local(4, Map.of())) {
            QuantizeRequest request = request(model, target, statistics, "on4");
            assertThrows(IllegalStateException.class, () -> QuantizeJob.plan(request, FamilyRun.SETTINGS, new Progress() {
                @Override
                public void phase(String name) {
                    if (name.startsWith("rounding blk.2.attention")) {
                        throw new IllegalStateException("cut off");
                    }
                }
            }).run(spark));
            List<String> found = new ArrayList<>();
            String made = QuantizeJob.plan(request, FamilyRun.SETTINGS, new Progress() {
                @Override
                public void found(int count, int all, String what) {
                    found.add(count + " of " + all + " " + what);
                }
            }).run(spark).outputs().get(0).location();
            // Four groups of scales and two blocks in each of three layers, and the head.
            assertEquals(List.of("13 of 13 groups of scales", "7 of 7 measured units",
                    "4 of 7 attention and feed-forward blocks"), found);
            assertEquals(expected, digests(made));
        }
    }

    @Test
    void theBytesAreTheSameAfterAnExecutorWasKilled() throws Exception {
        Path model = Fixtures.family("gemma-2");
        Target target = exl2(rounding(true).propagating());
        Map<String, String> expected;
        String statistics;
        try (JavaSparkContext spark = SparkCluster.local(2, Map.of())) {
            statistics = new FamilyRun(spark, folder).calibrate(model, 4);
            expected = digests(make(spark, request(model, target, statistics, "undisturbed")));
        }
        try (JavaSparkContext spark = SparkCluster.twoExecutors(Map.of())) {
            SparkCluster.Casualties casualties = SparkCluster.killAnExecutorAfterTheFirstTask(spark);
            for (int run = 0; run < 5 && casualties.lost() == 0; run++) {
                assertEquals(expected, digests(make(spark, request(model, target, statistics, "killed" + run))));
            }
            assertNotEquals(0, casualties.lost());
        }
    }
}
