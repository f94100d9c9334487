package io.nightshift.jobs.gguf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.gguf.GgufFile;
import io.nightshift.formats.gguf.GgufValue;
import io.nightshift.formats.statistics.StatisticsKind;
import io.nightshift.formats.storage.LocalFolder;
import io.nightshift.formats.types.FileType;
import io.nightshift.formats.types.TypeOptions;
import io.nightshift.jobs.calibration.CalibrateJob;
import io.nightshift.jobs.calibration.CalibrateProgress;
import io.nightshift.jobs.calibration.CalibrateRequest;
import io.nightshift.jobs.calibration.CalibrationOptions;
import io.nightshift.jobs.evaluation.EvaluateJob;
import io.nightshift.jobs.evaluation.EvaluateProgress;
import io.nightshift.jobs.evaluation.EvaluateRequest;
import io.nightshift.jobs.evaluation.EvaluateResult;
import io.nightshift.jobs.output.OutputFile;
import io.nightshift.jobs.quantize.OutputResult;
import io.nightshift.jobs.quantize.QuantizeJob;
import io.nightshift.jobs.quantize.QuantizeRequest.Settings;
import io.nightshift.jobs.quantize.QuantizeRequest;
import io.nightshift.jobs.quantize.QuantizeResult;
import io.nightshift.jobs.quantize.StatisticsSource;
import io.nightshift.jobs.rounding.LinearReport;
import io.nightshift.jobs.rounding.RoundingOptions;
import io.nightshift.jobs.storage.HadoopSettings;
import io.nightshift.jobs.tasks.Progress;
import io.nightshift.jobs.testing.Fixtures;
import io.nightshift.jobs.testing.S3Server;
import io.nightshift.jobs.testing.SparkCluster;
import io.nightshift.jobs.testing.Texts;
import io.nightshift.jobs.text.Packing;
import io.nightshift.jobs.text.TextData;
import io.nightshift.kernels.GgmlType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.TreeMap;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** GGUF files with folded scales and error feedback. */
class RoundingJobTest {
    private static final RoundingOptions BOTH = new RoundingOptions(true, 4, true, 0.001);
    private static final List<FileType> LARGEST = List.of(FileType.Q8_0);
    private static final List<FileType> TYPES = List.of(FileType.Q8_0, FileType.Q4_K_M, FileType.Q2_K);

    @TempDir
    static Path shared;

    private static Path data;

    @TempDir
    Path folder;

    /** Of the model that was calibrated last. */
    private String stats;

    @BeforeAll
    static void writeData() throws IOException {
        List<String> documents = new ArrayList<>();
        for (int i = 0; i < 12; i++) {
            documents.add(Texts.document(i, 90));
        }
        data = Texts.writeJsonLines(shared.resolve("data/texts.jsonl"), documents);
    }

    @Test
    void makesTheSameBytesOnAnyNumberOfCores() throws Exception {
        Path model = Fixtures.family("qwen3");
        Map<String, String> expected;
        try (JavaSparkContext spark = SparkCluster.local(1, Map.of())) {
            calibrate(spark, model, StatisticsKind.GRAM);
            quantize(spark, model, TYPES, BOTH, "one", OutputFile.MIN_PART_LENGTH);
            expected = digests("one");
            assertEquals(3, expected.size());
        }
        try (JavaSparkContext spark = SparkCluster.local(4, Map.of())) {
            assertEquals(1, parts(quantize(spark, model, TYPES, BOTH, "four", 1 << 30)));
            assertEquals(expected, digests("four"));
            // Other targets beside it do not change a file.
            quantize(spark, model, TYPES.subList(1, 2), BOTH, "alone", 1 << 30);
            assertEquals(expected.get("qwen3-Q4_K_M.gguf"), digests("alone").get("qwen3-Q4_K_M.gguf"));
        }
        assertEquals(List.of(), Fixtures.files(folder).stream()
                .filter(file -> file.toString().contains("nightshift-work")).toList());
    }

    /** In the store one upload of several parts, from several tasks. */
    @Test
    void makesTheSameBytesInPartsInAnObjectStore() throws Exception {
        Path model = Fixtures.model("llama-spm");
        RoundingOptions feedback = new RoundingOptions(false, 4, true, 0.001);
        try (S3Server s3 = S3Server.start()) {
            for (Path file : Fixtures.files(model)) {
                s3.put("in/llama-spm/" + file.getFileName(), Files.readAllBytes(file));
            }
            try (JavaSparkContext spark = SparkCluster.local(1, s3.hadoopOptions())) {
                calibrate(spark, model, StatisticsKind.GRAM);
                // The metadata names the place of the statistics.
                for (Path file : Fixtures.files(Path.of(stats))) {
                    s3.put("stats/" + Path.of(stats).relativize(file), Files.readAllBytes(file));
                }
                // The smallest target sets the number of pieces: the largest alone has two.
                List<FileType> types = List.of(FileType.Q8_0, FileType.Q4_0);
                QuantizeRequest whole = request(model.toString(), types, feedback, s3.location("stats"),
                        folder.resolve("whole").toString(), TypeOptions.NONE, 1 << 30);
                assertEquals(1, parts(QuantizeJob.plan(whole, s3.settings(), Progress.NONE).run(spark)));
            }
            try (JavaSparkContext spark = SparkCluster.local(3, s3.hadoopOptions())) {
                QuantizeRequest remote = request(s3.location("in/llama-spm"), LARGEST, feedback, s3.location("stats"),
                        s3.location("out"), TypeOptions.NONE, OutputFile.MIN_PART_LENGTH);
                int parts = parts(QuantizeJob.plan(remote, s3.settings(), Progress.NONE).run(spark));
                assertTrue(parts > 1, parts + " parts");
            }
            assertEquals(digests("whole").get("llama-spm-Q8_0.gguf"), Fixtures.sha256(s3.get("out/llama-spm-Q8_0.gguf")));
            assertEquals(List.of(), s3.keys().stream().filter(key -> key.contains("work")).toList());
            assertEquals(List.of(), s3.uploads());
        }
    }

    /** Trained weights and activations: on random ones there is little to gain. */
    @Test
    void keepsFarMoreOfATrainedModelThanLlamaQuantizeWithItsImportance() throws IOException {
        Path model = Path.of("..", "samples", "tiny-llama");
        List<FileType> types = List.of(FileType.Q2_K, FileType.Q4_K_M, FileType.Q6_K);
        // Half of it and less was measured.
        double[] most = {0.2, 0.1, 0.03};
        try (JavaSparkContext spark = SparkCluster.local(2, Map.of())) {
            calibrate(spark, model, StatisticsKind.GRAM);
            // Neither embedding nor output projection: what was lost in the layers is seen.
            TypeOptions layersOnly = new TypeOptions(
                    false, true, Optional.empty(), Optional.of(GgmlType.BF16), List.of(), false);
            for (String output : List.of("plain", "rounded")) {
                QuantizeRequest request = request(model.toString(), types, output.equals("plain") ? null : BOTH, stats,
                        folder.resolve(output).toString(), layersOnly, 1 << 30);
                QuantizeJob.plan(request, HadoopSettings.of(spark.hadoopConfiguration()), Progress.NONE).run(spark);
            }
            List<String> files = new ArrayList<>();
            for (FileType type : types) {
                files.add(folder.resolve("plain/tiny-llama-" + type + ".gguf").toString());
                files.add(folder.resolve("rounded/tiny-llama-" + type + ".gguf").toString());
            }
            Path text = Texts.write(folder.resolve("text.txt"), Texts.document(99, 400));
            EvaluateResult result = evaluate(spark, model, text, files.toArray(String[]::new));
            for (int i = 0; i < files.size(); i += 2) {
                double plain = result.quantized().get(i).meanDivergence();
                double rounded = result.quantized().get(i + 1).meanDivergence();
                assertTrue(rounded < most[i / 2] * plain, files.get(i + 1) + ": " + rounded + " beside " + plain);
            }
        }
    }

    @Test
    void roundsTheEmbeddingByWhatReadsIt() throws IOException {
        Path model = Path.of("..", "samples", "tiny-llama");
        RoundingOptions feedback = new RoundingOptions(false, 4, true, 0.001);
        TypeOptions embeddingOnly =
                new TypeOptions(false, false, Optional.empty(), Optional.of(GgmlType.Q4_K), List.of(), false);
        try (JavaSparkContext spark = SparkCluster.local(2, Map.of())) {
            calibrate(spark, model, StatisticsKind.GRAM);
            List<String> files = new ArrayList<>();
            for (RoundingOptions rounding : List.of(RoundingOptions.NONE, feedback)) {
                String output = folder.resolve("embedding-" + files.size()).toString();
                QuantizeRequest request = request(model.toString(), List.of(FileType.BF16), rounding, stats, output,
                        embeddingOnly, 1 << 30);
                QuantizeJob.plan(request, HadoopSettings.of(spark.hadoopConfiguration()), Progress.NONE).run(spark);
                files.add(output + "/tiny-llama-BF16.gguf");
            }
            Path text = Texts.write(folder.resolve("text.txt"), Texts.document(99, 400));
            EvaluateResult result = evaluate(spark, model, text, files.toArray(String[]::new));
            double plain = result.quantized().get(0).meanDivergence();
            double rounded = result.quantized().get(1).meanDivergence();
            // A third and less was measured.
            assertTrue(rounded > 0 && rounded < 0.5 * plain, rounded + " beside " + plain);
        }
    }

    /** Biases, shifted norms, gate and up in one matrix, experts, a shared embedding; K types where rows allow. */
    @ParameterizedTest
    @CsvSource({
        "qwen2.5-yarn,Q4_K", "gemma-2,Q4_K", "gemma-3-text,Q4_K", "phi-3-longrope,Q4_K", "qwen3-moe-fused,Q5_0",
        "mixtral-tied,Q4_0"
    })
    void losesLessInEveryFamily(String family, String amongTypes) throws IOException {
        Path model = Fixtures.family(family);
        TypeOptions embeddingKept =
                new TypeOptions(false, false, Optional.empty(), Optional.of(GgmlType.BF16), List.of(), false);
        try (JavaSparkContext spark = SparkCluster.local(2, Map.of())) {
            calibrate(spark, model, StatisticsKind.GRAM);
            HadoopSettings settings = HadoopSettings.of(spark.hadoopConfiguration());
            QuantizeJob.plan(
                    request(model.toString(), List.of(FileType.Q3_K_M), null, stats, folder.resolve("plain").toString(),
                            embeddingKept, 1 << 30),
                    settings, Progress.NONE).run(spark);
            OutputResult made = QuantizeJob.plan(
                    request(model.toString(), List.of(FileType.Q3_K_M), BOTH, stats, folder.resolve("rounded").toString(),
                            embeddingKept, 1 << 30),
                    settings, Progress.NONE).run(spark).outputs().get(0);
            assertTrue(made.tensors().stream().anyMatch(tensor -> tensor.type().equals(amongTypes)),
                    made.tensors().toString());
            for (LinearReport linear : made.linears()) {
                assertTrue(linear.roundedLoss() > 0 && linear.roundedLoss() < linear.nearestLoss(), linear.toString());
            }
            Path text = Texts.write(folder.resolve("text.txt"), Texts.document(99, 400));
            EvaluateResult result = evaluate(spark, model, text, file("plain", family), file("rounded", family));
            double plain = result.quantized().get(0).meanDivergence();
            double rounded = result.quantized().get(1).meanDivergence();
            assertTrue(rounded > 0 && rounded < plain, rounded + " beside " + plain);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"llama-spm", "mixtral-moe"})
    void losesLessThanLlamaQuantizeAndReportsEachLinearLayer(String name) throws IOException {
        Path model = Fixtures.model(name);
        try (JavaSparkContext spark = SparkCluster.local(2, Map.of())) {
            calibrate(spark, model, StatisticsKind.GRAM);
            List<FileType> type = List.of(FileType.Q3_K_M);
            QuantizeResult plain = quantize(spark, model, type, null, "plain", 1 << 30);
            OutputResult made = quantize(spark, model, type, BOTH, "rounded", 1 << 30).outputs().get(0);
            assertEquals(List.of(), plain.outputs().get(0).linears());
            assertEquals(0.005 * made.bytes(), made.bytes() - plain.outputs().get(0).bytes(), 0.005 * made.bytes());
            int layers = name.equals("llama-spm") ? 8 * 7 : 3 * (4 + 3 * 8);
            // The output projection and the embedding are in no layer.
            assertEquals(layers + 2, made.linears().size());
            for (LinearReport linear : made.linears()) {
                assertTrue(linear.roundedLoss() > 0 && linear.roundedLoss() < linear.nearestLoss(), linear.toString());
                assertTrue(linear.damping() >= 0.001 && linear.measuredRows() >= 64, linear.toString());
            }
            assertTrue(made.linears().stream().anyMatch(linear -> linear.scaledLoss() < 0.99 * linear.nearestLoss()));

            Path text = Texts.write(folder.resolve("text.txt"), Texts.document(99, 400));
            EvaluateResult result = evaluate(spark, model, text, file("plain", name), file("rounded", name));
            double loss = result.quantized().get(1).meanDivergence();
            double of = result.quantized().get(0).meanDivergence();
            assertTrue(loss < 0.9 * of, loss + " beside " + of);
        }
    }

    /** Biases, shifted norms, gate and up in one matrix, experts in one tensor, a shared embedding. */
    @ParameterizedTest
    @ValueSource(strings = {
        "llama-bias-sharded", "qwen2.5-yarn", "gemma-2", "phi-3-longrope", "qwen3-moe-fused", "mixtral-tied"
    })
    void foldsScalesSoThatTheModelStaysTheSame(String family) throws IOException {
        Path model = Fixtures.family(family);
        RoundingOptions scales = new RoundingOptions(true, 4, false, 0);
        try (JavaSparkContext spark = SparkCluster.local(2, Map.of())) {
            calibrate(spark, model, StatisticsKind.GRAM);
            List<FileType> type = List.of(FileType.Q8_0);
            quantize(spark, model, type, null, "plain", 1 << 30);
            OutputResult made = quantize(spark, model, type, scales, "scaled", 1 << 30).outputs().get(0);
            assertTrue(made.linears().stream().anyMatch(linear -> linear.scaledLoss() != linear.nearestLoss()),
                    made.linears().toString());
            Path text = Texts.write(folder.resolve("text.txt"), Texts.document(99, 200));
            EvaluateResult result = evaluate(spark, model, text,
                    folder.resolve("plain/" + family + "-Q8_0.gguf").toString(),
                    folder.resolve("scaled/" + family + "-Q8_0.gguf").toString());
            double scaled = result.quantized().get(1).meanDivergence();
            double plain = result.quantized().get(0).meanDivergence();
            assertTrue(scaled < 3 * plain + 1e-6, scaled + " beside " + plain);
        }
    }

    @Test
    void namesWhatWasDoneAndMakesAFileAgainForOtherOptions() throws IOException {
        Path model = Fixtures.family("qwen3");
        List<FileType> type = List.of(FileType.Q4_0);
        RoundingOptions feedback = new RoundingOptions(false, 20, true, 0.01);
        try (JavaSparkContext spark = SparkCluster.local(2, Map.of())) {
            calibrate(spark, model, StatisticsKind.GRAM);
            assertFalse(quantize(spark, model, type, feedback, "out", 1 << 30).outputs().get(0).skipped());
            LocalFolder out = new LocalFolder(folder.resolve("out"));
            Map<String, GgufValue> values = GgufFile.read(out, out.find("qwen3-Q4_0.gguf").orElseThrow())
                    .header().metadata().values();
            assertEquals(new GgufValue.Text("none"), values.get("quantize.nightshift.scales"));
            assertEquals(new GgufValue.Text("gptq"), values.get("quantize.nightshift.rounding"));
            assertEquals(new GgufValue.Float32(0.01f), values.get("quantize.nightshift.damping"));
            assertEquals(new GgufValue.Uint32(9), values.get("quantize.nightshift.calibration_sequences"));
            assertFalse(values.containsKey("quantize.nightshift.awq_grid"));

            assertTrue(quantize(spark, model, type, feedback, "out", 1 << 30).outputs().get(0).skipped());
            RoundingOptions other = new RoundingOptions(false, 20, true, 0.02);
            assertFalse(quantize(spark, model, type, other, "out", 1 << 30).outputs().get(0).skipped());
            assertFalse(quantize(spark, model, type, BOTH, "out", 1 << 30).outputs().get(0).skipped());
            // Without, it is the file of a run that never heard of statistics.
            HadoopSettings settings = HadoopSettings.of(spark.hadoopConfiguration());
            for (String output : List.of("out", "plain")) {
                assertFalse(QuantizeJob.plan(
                        QuantizeRequest.of(model.toString(), List.of(GgufTarget.of(type.get(0))),
                                folder.resolve(output).toString()),
                        settings, Progress.NONE).run(spark).outputs().get(0).skipped());
            }
            assertEquals(digests("plain"), digests("out"));
        }
    }

    @Test
    void refusesTypesWithoutAGridAndStatisticsWithoutGramMatrices() throws IOException {
        Path model = Fixtures.model("llama-spm");
        RoundingOptions scales = new RoundingOptions(true, 2, false, 0);
        try (JavaSparkContext spark = SparkCluster.local(2, Map.of())) {
            calibrate(spark, model, StatisticsKind.GRAM);
            assertRefused(spark, model, FileType.parse("IQ3_S"), BOTH,
                    "--rounding gptq: blk.0.attn_q.weight of gguf:IQ3_S becomes IQ3_S, whose weights cannot be rounded");
            assertRefused(spark, model, FileType.parse("TQ2_0"), BOTH, "becomes TQ2_0");
            assertRefused(spark, model, FileType.F16, BOTH, "--scales awq has no effect on gguf:F16");
            // Scales help them all the same.
            OutputResult made =
                    quantize(spark, model, List.of(FileType.parse("IQ3_S")), scales, "scaled", 1 << 30).outputs().get(0);
            assertTrue(made.linears().stream().anyMatch(linear -> linear.roundedLoss() < linear.nearestLoss()));
            assertRefused(spark, Fixtures.retrained("llama-spm", folder.resolve("llama-spm")), FileType.Q4_0, BOTH,
                    "statistics of another model");
        }
        try (JavaSparkContext spark = SparkCluster.local(2, Map.of())) {
            calibrate(spark, model, StatisticsKind.IMATRIX);
        }
        assertRefusedPlan(model, FileType.Q4_0, BOTH, "run nightshift calibrate with --statistics gram");
        assertEquals(List.of(), Fixtures.files(folder.resolve("refused")));
    }

    private void assertRefused(
            JavaSparkContext spark, Path model, FileType type, RoundingOptions rounding, String message) {
        InvalidModelException error = assertThrows(InvalidModelException.class,
                () -> quantize(spark, model, List.of(type), rounding, "refused", 1 << 30));
        assertTrue(error.getMessage().contains(message), error.getMessage());
    }

    private void assertRefusedPlan(Path model, FileType type, RoundingOptions rounding, String message) {
        InvalidModelException error = assertThrows(InvalidModelException.class, () -> QuantizeJob.plan(
                request(model, List.of(type), rounding, "refused", 1 << 30), new HadoopSettings(Map.of()), Progress.NONE));
        assertTrue(error.getMessage().contains(message), error.getMessage());
    }

    /** Once for all tests: what is complete is not made again. */
    private void calibrate(JavaSparkContext spark, Path model, StatisticsKind statistics) throws IOException {
        CalibrationOptions options = new CalibrationOptions(
                new TextData(List.of(data.toString()), "text", OptionalLong.empty()),
                // The tokens that are evaluated: the families' vocabularies have pieces that only llama.cpp reaches.
                Packing.LLAMA_IMATRIX, OptionalInt.of(9), 64, 4, statistics, 8, false);
        stats = shared.resolve(model.getFileName() + "-" + statistics).toString();
        CalibrateRequest request = new CalibrateRequest(
                model.toString(), stats, Optional.empty(), options, Optional.empty(), false);
        CalibrateJob.plan(request, HadoopSettings.of(spark.hadoopConfiguration()), CalibrateProgress.NONE).run(spark);
    }

    /** With the importance matrix of the statistics. */
    private QuantizeResult quantize(JavaSparkContext spark, Path model, List<FileType> types, RoundingOptions rounding,
            String output, long partSize) throws IOException {
        return QuantizeJob.plan(request(model, types, rounding, output, partSize),
                HadoopSettings.of(spark.hadoopConfiguration()), Progress.NONE).run(spark);
    }

    private QuantizeRequest request(
            Path model, List<FileType> types, RoundingOptions rounding, String output, long partSize) {
        return request(model.toString(), types, rounding, stats, folder.resolve(output).toString(), TypeOptions.NONE,
                partSize);
    }

    private static QuantizeRequest request(String model, List<FileType> types, RoundingOptions rounding, String stats,
            String output, TypeOptions typeOptions, long partSize) {
        RoundingOptions how = rounding == null ? RoundingOptions.NONE : rounding;
        return QuantizeRequest.of(model,
                        types.stream().map(type -> GgufTarget.of(type).with(typeOptions).with(how)).toList(), output)
                .with(new StatisticsSource.Folder(stats))
                .with(Settings.DEFAULT.withPartSize(partSize));
    }

    private static EvaluateResult evaluate(JavaSparkContext spark, Path model, Path text, String... quantized)
            throws IOException {
        EvaluateRequest request = new EvaluateRequest(model.toString(), List.of(quantized),
                new TextData(List.of(text.toString()), "text", OptionalLong.empty()), 64, OptionalInt.of(6),
                Optional.empty());
        return EvaluateJob.plan(request, HadoopSettings.of(spark.hadoopConfiguration()), EvaluateProgress.NONE).run(spark);
    }

    private static int parts(QuantizeResult result) {
        return result.outputs().get(0).work().parts();
    }

    private String file(String output, String model) {
        return folder.resolve(output + "/" + model + "-Q3_K_M.gguf").toString();
    }

    private Map<String, String> digests(String output) throws IOException {
        Map<String, String> digests = new TreeMap<>();
        for (Path file : Fixtures.files(folder.resolve(output))) {
            if (file.toString().endsWith(".gguf")) {
                digests.put(file.getFileName().toString(), Fixtures.sha256(file));
            }
        }
        return digests;
    }
}
