package io.nightshift.jobs.awq;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.architecture.Architectures;
import io.nightshift.formats.awq.AwqFolder;
import io.nightshift.formats.awq.AwqFormat;
import io.nightshift.formats.awq.AwqLinear;
import io.nightshift.formats.awq.AwqOptions;
import io.nightshift.formats.awq.AwqPlanner;
import io.nightshift.formats.awq.LinearReader;
import io.nightshift.formats.checkpoint.Checkpoint;
import io.nightshift.formats.safetensors.SafetensorsTensor;
import io.nightshift.formats.statistics.StatisticsKind;
import io.nightshift.formats.storage.LocalFolder;
import io.nightshift.jobs.calibration.CalibrateJob;
import io.nightshift.jobs.calibration.CalibrateProgress;
import io.nightshift.jobs.calibration.CalibrateRequest;
import io.nightshift.jobs.calibration.CalibrationOptions;
import io.nightshift.jobs.quantize.OutputResult;
import io.nightshift.jobs.quantize.QuantizeJob;
import io.nightshift.jobs.quantize.QuantizeRequest.Settings;
import io.nightshift.jobs.quantize.QuantizeRequest;
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
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerTaskStart;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AwqJobTest {
    private static final String MODEL = Path.of("..", "samples", "tiny-llama").toString();
    private static final HadoopSettings SETTINGS = new HadoopSettings(Map.of());
    private static final RoundingOptions DEFAULTS = rounding(true, true);
    private static final AwqOptions GEMM = new AwqOptions(AwqFormat.GEMM, 64, false, List.of());

    @TempDir
    static Path shared;

    /** By one core. */
    private static OutputResult undisturbed;

    @TempDir
    Path folder;

    @BeforeAll
    static void makeUndisturbed() throws IOException {
        calibrate(StatisticsKind.GRAM, 6, "stats");
        undisturbed = make(1, request(MODEL, new AwqTarget(GEMM, DEFAULTS, 1 << 20), shared.resolve("one")));
    }

    private static void calibrate(StatisticsKind statistics, int samples, String output) throws IOException {
        Path text = Texts.write(shared.resolve("text.txt"), Texts.document(3, 500));
        CalibrationOptions options = new CalibrationOptions(
                new TextData(List.of(text.toString()), TextData.DEFAULT_COLUMN, OptionalLong.empty()),
                Packing.DOCUMENTS, OptionalInt.of(samples), 64, 3, statistics, 1, false);
        CalibrateRequest request = new CalibrateRequest(
                MODEL, shared.resolve(output).toString(), Optional.empty(), options, Optional.empty(), false);
        try (JavaSparkContext spark = SparkCluster.local(2, Map.of())) {
            CalibrateJob.plan(request, SETTINGS, CalibrateProgress.NONE).run(spark);
        }
    }

    private static RoundingOptions rounding(boolean scaled, boolean feedback) {
        return new RoundingOptions(scaled, 4, feedback, 0.01);
    }

    private QuantizeRequest request(String model, AwqOptions options, RoundingOptions rounding, String output) {
        return request(model, new AwqTarget(options, rounding, 1 << 20), folder.resolve(output));
    }

    private static QuantizeRequest request(String model, AwqTarget target, Path output) {
        return QuantizeRequest.of(model, List.of(target), output.toString())
                .with(Settings.DEFAULT.withPartSize(5 << 20))
                .with(target.rounding().needsStatistics()
                        ? new StatisticsSource.Folder(shared.resolve("stats").toString())
                        : StatisticsSource.NONE);
    }

    private static OutputResult make(int cores, QuantizeRequest request) throws IOException {
        try (JavaSparkContext spark = SparkCluster.local(cores, Map.of())) {
            return QuantizeJob.plan(request, SETTINGS, Progress.NONE).run(spark).outputs().get(0);
        }
    }

    private static Map<String, String> digests(Path output) throws IOException {
        Map<String, String> digests = new TreeMap<>();
        Path made = output.resolve("tiny-llama-AWQ");
        for (Path file : Fixtures.files(made)) {
            digests.put(made.relativize(file).toString(), Fixtures.sha256(file));
        }
        return digests;
    }

    @Test
    void theBytesAreTheSameOnAnyNumberOfCores() throws Exception {
        Map<String, String> expected = digests(shared.resolve("one"));
        assertTrue(expected.containsKey("config.json") && expected.containsKey("model.safetensors.index.json"),
                expected.toString());
        assertTrue(undisturbed.work().parts() > 1, undisturbed.work().toString());
        assertEquals(undisturbed.linears(), make(4, request(MODEL, GEMM, DEFAULTS, "four")).linears());
        assertEquals(expected, digests(folder.resolve("four")));
        // Nothing of the run is left but the records.
        assertEquals(List.of(), Fixtures.files(shared.resolve("one")).stream()
                .filter(file -> file.toString().contains("work") || file.toString().contains("upload")).toList());
    }

    @Test
    void anObjectStoreGetsTheSameBytesAlsoAfterAnExecutorWasKilled() throws Exception {
        Map<String, String> expected = digests(shared.resolve("one"));
        try (S3Server s3 = S3Server.start()) {
            for (Path file : Fixtures.files(shared.resolve("stats"))) {
                s3.put("stats/" + shared.resolve("stats").relativize(file), Files.readAllBytes(file));
            }
            QuantizeRequest local = request(MODEL, GEMM, DEFAULTS, "unused");
            try (JavaSparkContext spark = SparkCluster.twoExecutors(s3.hadoopOptions())) {
                SparkCluster.Casualties casualties = SparkCluster.killAnExecutorAfterTheFirstTask(spark);
                for (int run = 0; run < 5 && (run == 0 || casualties.lost() == 0); run++) {
                    String output = "out" + run + "/";
                    QuantizeRequest request = QuantizeRequest.of(MODEL, local.targets(), s3.location(output))
                            .with(new StatisticsSource.Folder(s3.location("stats")))
                            .with(local.settings().withWork(s3.location("work")));
                    OutputResult made = QuantizeJob.plan(request, s3.settings(), Progress.NONE).run(spark).outputs().get(0);
                    assertEquals(s3.location("out" + run + "/tiny-llama-AWQ"), made.location());
                    String prefix = output + "tiny-llama-AWQ/";
                    Map<String, String> digests = new TreeMap<>();
                    s3.keys().stream()
                            .filter(key -> key.startsWith(prefix))
                            .forEach(key -> digests.put(key.substring(prefix.length()), Fixtures.sha256(s3.get(key))));
                    assertEquals(expected, digests);
                    assertTrue(QuantizeJob.plan(request, s3.settings(), Progress.NONE).run(spark).outputs().get(0).skipped());
                }
                assertNotEquals(0, casualties.lost());
            }
            assertEquals(List.of(), s3.uploads());
            // The user's folder stays, the run's own within it does not.
            assertEquals(List.of(), s3.keys().stream().filter(key -> key.startsWith("work/work-")).toList());
        }
    }

    @ParameterizedTest
    @CsvSource({"GEMM,32,false", "GEMM,-1,true", "COMPRESSED_TENSORS,128,false", "COMPRESSED_TENSORS,64,true"})
    void everyFormatIsReadBackAndScalesAndFeedbackEachSaveLoss(AwqFormat format, int groupSize, boolean symmetric)
            throws IOException {
        AwqOptions options = new AwqOptions(format, groupSize, symmetric, List.of("layers.1.mlp.down_proj"));
        OutputResult result = make(2, request(MODEL, options, DEFAULTS, "out"));
        AwqFolder made = AwqFolder.open(new LocalFolder(folder.resolve("out/tiny-llama-AWQ")));
        assertEquals(format, made.format());
        assertEquals(result.linears().size(), made.linears().size());
        assertTrue(made.find("model.layers.1.mlp.down_proj").isEmpty());
        assertTrue(made.tensors().containsKey("model.layers.1.mlp.down_proj.weight"));
        for (AwqLinear linear : made.linears()) {
            float[] row = new float[linear.inputs()];
            new LinearReader(made.folder()).dequantize(linear, linear.outputs() - 1, linear.outputs(), row);
            double sum = 0;
            for (float weight : row) {
                sum += Math.abs(weight);
            }
            assertTrue(sum > 0 && Double.isFinite(sum), linear.module());
        }
        double nearest = 0;
        double scaled = 0;
        double rounded = 0;
        for (LinearReport linear : result.linears()) {
            nearest += linear.nearestLoss();
            scaled += linear.scaledLoss();
            rounded += linear.roundedLoss();
            assertTrue(linear.damping() >= 0.01 && linear.measuredRows() > 0, linear.toString());
            boolean clipped = groupSize > 0 && !linear.module().matches(".*\\.[qk]_proj");
            assertEquals(clipped, linear.clippedShare() > 0, linear.toString());
        }
        assertTrue(scaled < nearest && rounded < 0.7 * scaled, nearest + " " + scaled + " " + rounded);
        JsonNode config = new ObjectMapper().readTree(folder.resolve("out/tiny-llama-AWQ/config.json").toFile());
        assertEquals("gptq", config.at("/nightshift/rounding").asText());
        assertEquals("6", config.at("/nightshift/calibration_sequences").asText());
    }

    @Test
    void nearestRoundingWithoutScalesNeedsNoStatistics() throws IOException {
        OutputResult result = make(2, request(MODEL, GEMM, rounding(false, false), "plain"));
        assertTrue(result.linears().stream().allMatch(linear -> linear.measuredRows() == 0 && linear.damping() == 0));
        AwqFolder made = AwqFolder.open(new LocalFolder(folder.resolve("plain/tiny-llama-AWQ")));
        assertEquals(result.linears().size(), made.linears().size());
        // Norms are what they were.
        assertEquals(norm(Path.of(MODEL)), norm(folder.resolve("plain/tiny-llama-AWQ")));
        make(2, request(MODEL, GEMM, rounding(true, false), "scaled"));
        assertNotEquals(norm(Path.of(MODEL)), norm(folder.resolve("scaled/tiny-llama-AWQ")));
    }

    private static String norm(Path model) throws IOException {
        LocalFolder opened = new LocalFolder(model);
        SafetensorsTensor tensor = Checkpoint.readTensors(opened).stream()
                .filter(found -> found.name().equals("model.layers.0.input_layernorm.weight")).findFirst().orElseThrow();
        byte[] bytes = new byte[(int) tensor.length()];
        opened.readFully(tensor.file(), tensor.position(), bytes, 0, bytes.length);
        return Fixtures.sha256(bytes);
    }

    @Test
    void aFolderIsNotMadeAgainWhereItIsCompleteAndOldShardsGo() throws IOException {
        QuantizeRequest request = request(MODEL, GEMM, rounding(false, false), "out");
        assertFalse(make(1, request).skipped());
        assertTrue(make(1, request).skipped());
        Path made = folder.resolve("out/tiny-llama-AWQ");
        Files.delete(made.resolve("config.json"));
        assertFalse(make(1, request).skipped());
        assertTrue(Files.exists(made.resolve("config.json")));
        QuantizeRequest oneShard = request(MODEL, new AwqTarget(GEMM, rounding(false, false), 1L << 30), folder.resolve("out"));
        assertFalse(make(1, oneShard).skipped());
        assertEquals(List.of("model.safetensors"), digests(folder.resolve("out")).keySet().stream()
                .filter(name -> name.contains("safetensors")).toList());
        Checkpoint checkpoint = Checkpoint.open(new LocalFolder(Path.of(MODEL)));
        AwqFolder.open(new LocalFolder(made)).requirePlanned(AwqPlanner.plan(checkpoint,
                Architectures.convert(checkpoint), GEMM, false, 1L << 30,
                Map.of("scales", "none", "rounding", "nearest"), List.of()));
    }

    @Test
    void refusesStatisticsWithoutGramMatricesOfAnotherModelOrNone() throws IOException {
        calibrate(StatisticsKind.IMATRIX, 1, "imatrix");
        QuantizeRequest good = request(MODEL, GEMM, DEFAULTS, "out");
        assertRefused(good.with(StatisticsSource.NONE), "give --calibration FILES or --stats FOLDER");
        assertRefused(good.with(new StatisticsSource.Folder(shared.resolve("imatrix").toString())),
                "has no Gram matrices, which scales and error feedback come from; run nightshift calibrate");
        InvalidModelException other = assertThrows(InvalidModelException.class,
                () -> make(1, request(Fixtures.model("llama-spm").toString(), GEMM, DEFAULTS, "out")));
        assertTrue(other.getMessage().contains("these are the statistics of another model (tiny-llama"),
                other.getMessage());
        assertEquals(List.of(), Fixtures.files(folder));
    }

    private static void assertRefused(QuantizeRequest request, String message) {
        InvalidModelException refused = assertThrows(
                InvalidModelException.class, () -> QuantizeJob.plan(request, SETTINGS, Progress.NONE));
        assertTrue(refused.getMessage().contains(message), refused.getMessage());
    }

    @Test
    void damagedWeightsAreNamedAndLeaveNothingLoadable() throws IOException {
        Path model = Fixtures.copy(Path.of(MODEL), folder.resolve("tiny-llama"));
        SafetensorsTensor tensor = Checkpoint.readTensors(new LocalFolder(model)).stream()
                .filter(found -> found.name().equals("model.layers.2.mlp.up_proj.weight")).findFirst().orElseThrow();
        try (FileChannel channel = FileChannel.open(model.resolve(tensor.file()), StandardOpenOption.WRITE)) {
            ByteBuffer infinity = ByteBuffer.allocate(2).order(ByteOrder.LITTLE_ENDIAN).putShort((short) 0x7f80).flip();
            channel.write(infinity, tensor.position() + 2 * (3 * tensor.columns() + 5));
        }
        AtomicInteger attemptsBeyondTheFirst = new AtomicInteger();
        InvalidModelException error;
        try (JavaSparkContext spark = SparkCluster.local(2, Map.of())) {
            spark.sc().addSparkListener(new SparkListener() {
                @Override
                public void onTaskStart(SparkListenerTaskStart start) {
                    if (start.taskInfo().attemptNumber() > 0 || start.stageAttemptId() > 0) {
                        attemptsBeyondTheFirst.incrementAndGet();
                    }
                }
            });
            QuantizeJob job = QuantizeJob.plan(
                    request(model.toString(), GEMM, rounding(false, false), "out"), SETTINGS, Progress.NONE);
            error = assertThrows(InvalidModelException.class, () -> job.run(spark));
        }
        assertEquals(0, attemptsBeyondTheFirst.get());
        assertEquals(1, error.getMessage().lines().count());
        assertTrue(error.getMessage().contains("model.layers.2.mlp.up_proj.weight, row 3, column 5"), error.getMessage());
        assertFalse(Files.exists(folder.resolve("out/tiny-llama-AWQ/config.json")));
        assertEquals(List.of(), Fixtures.files(folder.resolve("out")));
    }

    @Test
    void silentChannelsAndFewTokensAreSaidInTheReport() throws IOException {
        // 384 tokens for 768 channels of ffn_down: H is singular, and damping makes it definite.
        OutputResult result = make(2, request(MODEL, GEMM, new RoundingOptions(true, 2, true, 0), "out"));
        assertTrue(result.linears().stream()
                .filter(linear -> linear.module().endsWith("down_proj"))
                .allMatch(linear -> linear.dampingRaised() && linear.damping() > 0), result.linears().toString());
    }
}
