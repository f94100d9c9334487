package io.nightshift.jobs.calibration;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.checkpoint.Checkpoint;
import io.nightshift.formats.imatrix.Imatrix;
import io.nightshift.formats.imatrix.ImatrixReader;
import io.nightshift.formats.imatrix.ImportanceEntry;
import io.nightshift.formats.statistics.CalibrationManifest;
import io.nightshift.formats.statistics.InputSummary;
import io.nightshift.formats.statistics.ModelDigest;
import io.nightshift.formats.statistics.StatisticsKind;
import io.nightshift.formats.statistics.StatisticsReader;
import io.nightshift.formats.storage.LocalFolder;
import io.nightshift.jobs.rounding.StatisticsReference;
import io.nightshift.jobs.storage.FolderReference;
import io.nightshift.jobs.storage.HadoopSettings;
import io.nightshift.jobs.testing.Fixtures;
import io.nightshift.jobs.testing.S3Server;
import io.nightshift.jobs.testing.SparkCluster;
import io.nightshift.jobs.testing.StatisticsDigests;
import io.nightshift.jobs.testing.Texts;
import io.nightshift.jobs.text.Packing;
import io.nightshift.jobs.text.RecordedTokens;
import io.nightshift.jobs.text.TextData;
import io.nightshift.jobs.text.TokenSequences;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CalibrateJobTest {
    private static final Path SHARED = Path.of("..", "..", "shared", "fixtures");

    @TempDir
    Path folder;

    private Path data;

    @BeforeEach
    void writeData() throws IOException {
        List<String> documents = new ArrayList<>();
        for (int i = 0; i < 12; i++) {
            documents.add(Texts.document(i, 90));
        }
        data = Texts.writeJsonLines(folder.resolve("data/texts.jsonl"), documents);
    }

    @Test
    void sumsTheSameBitsOnAnyClusterAndAfterAnExecutorWasKilledAndReadsWeightsOnceAnExecutor() throws Exception {
        Options options = new Options().samples(9);
        Map<String, String> expected = StatisticsDigests.of(calibrate(1, "llama-spm", options, "one"));
        assertTrue(expected.size() > 10, expected.toString());
        assertEquals(expected, StatisticsDigests.of(calibrate(4, "llama-spm", options, "four")));
        try (S3Server s3 = S3Server.start(); JavaSparkContext spark = SparkCluster.twoExecutors(s3.hadoopOptions())) {
            // Executors that have read nothing yet.
            assertReadsWeightsOnceAnExecutor(spark, s3);
            assertEquals(expected, StatisticsDigests.of(run(spark, request("llama-spm", options, "two"))));

            SparkCluster.Casualties casualties = SparkCluster.killAnExecutorAfterTheFirstTask(spark);
            // Mostly noticed within the first run.
            for (int run = 0; run < 5 && casualties.lost() == 0; run++) {
                assertEquals(expected, StatisticsDigests.of(run(spark, request("llama-spm", options, "killed" + run))));
            }
            assertNotEquals(0, casualties.lost());
        }
    }

    @Test
    void agreesWithLlamaImatrix() throws IOException {
        Path text = SHARED.resolve("imatrix-calibration.txt");
        assumeTrue(Files.exists(text), "skipped: there is no " + text + " beside the project");
        for (String model : List.of("llama-spm", "mixtral-moe")) {
            Options options = new Options().data(text).llamaImatrix(256).statistics(StatisticsKind.IMATRIX)
                    .minExpertTokens(0);
            calibrate(2, model, options, model);
            Imatrix ours = imatrix(folder.resolve(model));
            Imatrix theirs = ImatrixReader.read(
                    new LocalFolder(SHARED), new LocalFolder(SHARED).find(model + ".imatrix.gguf").orElseThrow());
            assertEquals(theirs.entries().keySet(), ours.entries().keySet());
            assertEquals(theirs.chunkCount(), ours.chunkCount());
            assertEquals(theirs.chunkSize(), ours.chunkSize());
            theirs.entries().forEach((name, entry) -> assertAgrees(name, entry, ours.entries().get(name)));
        }
    }

    private static void assertAgrees(String name, ImportanceEntry theirs, ImportanceEntry ours) {
        if (name.contains("_exps")) {
            assertExpertsAgree(name, theirs, ours);
            return;
        }
        assertArrayEquals(theirs.counts(), ours.counts(), name);
        for (int i = 0; i < theirs.sums().length; i++) {
            assertEquals(theirs.sums()[i], ours.sums()[i], 0.01 * theirs.sums()[i], name + " " + i);
        }
    }

    /** llama.cpp multiplies with rounded activations, which send a few tokens in a thousand to another expert. */
    private static void assertExpertsAgree(String name, ImportanceEntry theirs, ImportanceEntry ours) {
        int experts = theirs.counts().length;
        int columns = theirs.sums().length / experts;
        assertEquals(Arrays.stream(theirs.counts()).sum(), Arrays.stream(ours.counts()).sum(), name);
        for (int expert = 0; expert < experts; expert++) {
            long tokens = theirs.counts()[expert];
            assertEquals(tokens, ours.counts()[expert], 8 + 0.005 * tokens, name + ", tokens of expert " + expert);
            double theirSum = 0;
            double ourSum = 0;
            for (int i = expert * columns; i < (expert + 1) * columns; i++) {
                theirSum += theirs.sums()[i];
                ourSum += ours.sums()[i];
            }
            assertEquals(theirSum, ourSum, 0.05 * theirSum, name + ", sums of expert " + expert);
        }
    }

    @Test
    void givesDiagonalsThatAreTheSumsOfSquares() throws IOException {
        calibrate(2, "llama-spm", new Options().samples(5), "gram");
        StatisticsReader reader = StatisticsReader.open(new LocalFolder(folder.resolve("gram")));
        Imatrix imatrix = imatrix(folder.resolve("gram"));
        for (String tensor : List.of("blk.0.attn_v.weight", "blk.3.attn_output.weight", "blk.7.ffn_down.weight")) {
            InputSummary input = reader.input(tensor, -1);
            double[] squares = reader.squares(input);
            float[] gram = reader.gram(input);
            float[] sums = imatrix.entries().get(tensor).sums();
            assertEquals(5 * 64, input.tokens());
            for (int i = 0; i < input.channels(); i++) {
                assertEquals(squares[i], gram[i * input.channels() + i], 1e-5 * squares[i] + 1e-30, tensor + " " + i);
                assertEquals((float) squares[i], sums[i]);
                assertEquals(gram[i], gram[i * input.channels()]);
            }
        }
        assertEquals(256, reader.input("output.weight", -1).channels());
        assertFalse(imatrix.entries().containsKey("output.weight"));
        assertEquals(List.of(), Fixtures.files(folder.resolve("gram")).stream()
                .filter(file -> file.toString().contains("nightshift-work")).toList());
    }

    @Test
    void countsTokensOfExpertsAndGivesRareOnesTheStatisticsOfAll() throws IOException {
        CalibrateResult plain =
                calibrate(1, "mixtral-moe", new Options().samples(4).minExpertTokens(60), "moe");
        StatisticsReader reader = StatisticsReader.open(new LocalFolder(folder.resolve("moe")));
        Imatrix imatrix = imatrix(folder.resolve("moe"));
        long routed = 0;
        int few = 0;
        for (InputSummary input : reader.manifest().inputs()) {
            if (input.layer() != 1 || input.expert() < 0 || !input.name().contains("ffn_down_exps")) {
                continue;
            }
            routed += input.tokens();
            ImportanceEntry entry = imatrix.entries().get("blk.1.ffn_down_exps.weight");
            if (input.tokens() < 60) {
                few++;
                assertEquals("blk.1.ffn_down_exps.pooled", input.insteadOf());
                assertEquals("blk.1.ffn_down_exps.pooled", reader.input("blk.1.ffn_down_exps.weight",
                        input.expert()).name());
                assertEquals("blk.1.ffn_gate_inp", reader.input("blk.1.ffn_up_exps.weight", input.expert()).name());
                assertEquals(2 * 4 * 64, entry.counts()[input.expert()]);
            } else {
                assertNull(input.insteadOf());
                assertEquals(input.tokens(), entry.counts()[input.expert()]);
            }
            float[] means = entry.means();
            double sum = 0;
            for (int i = input.expert() * input.channels(); i < (input.expert() + 1) * input.channels(); i++) {
                sum += means[i];
            }
            assertTrue(sum > 0 && Double.isFinite(sum), "expert " + input.expert() + ": " + sum);
        }
        assertEquals(2 * 4 * 64, routed);
        assertTrue(few > 0 && few < 8, "experts with few tokens: " + few);
        assertTrue(plain.expertsWithFewTokens() >= few);
        // All experts together read what the pool says.
        InputSummary pool = reader.manifest().inputs().stream()
                .filter(input -> input.name().equals("blk.1.ffn_down_exps.pooled")).findFirst().orElseThrow();
        assertEquals(2 * 4 * 64, pool.tokens());
        assertEquals(reader.squares(pool)[3], reader.gram(pool)[3 * pool.channels() + 3],
                1e-3 * reader.squares(pool)[3]);

        calibrate(1, "mixtral-moe", new Options().samples(4).routeAllExperts(), "all");
        StatisticsReader all = StatisticsReader.open(new LocalFolder(folder.resolve("all")));
        for (int expert = 0; expert < 8; expert++) {
            InputSummary input = all.manifest().inputs().get(
                    all.manifest().inputs().indexOf(find(all, "blk.2.ffn_gate_exps." + expert)));
            assertEquals(4 * 64, input.tokens());
        }
        assertArrayEquals(
                reader.squares(find(reader, "blk.2.attn_q")), all.squares(find(all, "blk.2.attn_q")));
        try (JavaSparkContext spark = SparkCluster.local(1, Map.of())) {
            List<Row> experts = SparkSession.builder().config(spark.getConf()).getOrCreate()
                    .read().parquet(folder.resolve("all/experts.parquet").toString()).collectAsList();
            assertEquals(3 * 8, experts.size());
            assertEquals(3 * 2 * 4 * 64, experts.stream().mapToLong(row -> row.getLong(2)).sum());
        }
    }

    private static InputSummary find(StatisticsReader reader, String name) {
        return reader.manifest().inputs().stream().filter(input -> input.name().equals(name)).findFirst().orElseThrow();
    }

    /** Whatever the number of tasks. */
    private void assertReadsWeightsOnceAnExecutor(JavaSparkContext spark, S3Server s3) throws IOException {
        long weights = 0;
        for (Path file : Fixtures.files(Fixtures.model("llama-spm"))) {
            s3.put("in/llama-spm/" + file.getFileName(), Files.readAllBytes(file));
            weights += file.toString().endsWith(".safetensors") ? Files.size(file) : 0;
        }
        s3.put("in/texts.jsonl", Files.readAllBytes(data));
        s3.resetCounters();
        CalibrateRequest request = new CalibrateRequest(
                s3.location("in/llama-spm"),
                s3.location("out/stats"),
                Optional.empty(),
                new Options().samples(12).statistics(StatisticsKind.IMATRIX).options(s3.location("in/texts.jsonl")),
                Optional.empty(),
                false);
        CalibrateResult result = CalibrateJob.plan(request, s3.settings(), CalibrateProgress.NONE).run(spark);
        assertTrue(s3.bytesSent() < 2.1 * weights + 2_000_000, s3.bytesSent() + " for twice " + weights);
        assertEquals(8, result.layers().size());
        assertCostsAddUp(result);
        for (CalibrateResult.Layer layer : result.layers()) {
            assertEquals(12 * 64, layer.tokens());
            assertEquals(12 * 64, layer.executors().stream().mapToLong(CalibrateResult.Executor::tokens).sum());
            for (CalibrateResult.Executor executor : layer.executors()) {
                assertEquals(1_181_696, executor.bytesRead(), "layer " + layer.layer());
            }
        }
        assertTrue(s3.keys().contains("out/stats/calibration.json"), s3.keys().toString());
        assertTrue(s3.keys().stream().noneMatch(key -> key.contains("work")), s3.keys().toString());
        assertEquals(List.of(), s3.uploads());
    }

    private static void assertCostsAddUp(CalibrateResult result) {
        assertEquals(2, result.executors().size());
        for (CalibrateResult.Executor executor : result.executors()) {
            List<CalibrateResult.Executor> ofLayers = result.layers().stream()
                    .flatMap(layer -> layer.executors().stream())
                    .filter(share -> share.executor().equals(executor.executor()))
                    .toList();
            assertFalse(ofLayers.isEmpty());
            assertEquals(ofLayers.size() * 1_181_696L, executor.bytesRead());
            assertEquals(ofLayers.stream().mapToLong(CalibrateResult.Executor::tokens).sum(), executor.tokens());
            assertTrue(ofLayers.stream().allMatch(share -> share.tokensPerSecond() > 0));
            // The mean of the layers' rates, weighted by their time.
            assertTrue(executor.tokensPerSecond() > 0 && executor.tokensPerSecond()
                    <= 1.001 * ofLayers.stream().mapToDouble(CalibrateResult.Executor::tokensPerSecond).max()
                            .orElseThrow(), executor + " " + ofLayers);
        }
        assertEquals(result.bytesRead(),
                result.executors().stream().mapToLong(CalibrateResult.Executor::bytesRead).sum());
        assertEquals(result.bytesRead(), result.layers().stream().mapToLong(CalibrateResult.Layer::bytesRead).sum());
        assertEquals(8L * 12 * 64, result.executors().stream().mapToLong(CalibrateResult.Executor::tokens).sum());
        assertTrue(result.layers().stream().allMatch(
                layer -> Math.abs(layer.tokensPerSecond() * layer.seconds() - layer.tokens()) < 1e-3));
    }

    @Test
    void isRepeatedToTheByteFromTheTokensThatWereRecorded() throws IOException {
        Map<String, String> first = StatisticsDigests.of(calibrate(1, "llama-spm", new Options().samples(3), "first"));
        Path tokens = folder.resolve("first/tokens.safetensors");
        Options recorded = new Options().tokens(tokens);
        assertTrue(calibrate(1, "llama-spm", recorded, "first").skipped());
        // The texts are not needed, and could not be read.
        Files.delete(data);
        assertEquals(first, StatisticsDigests.of(calibrate(2, "llama-spm", recorded, "second")));
    }

    @Test
    void refusesTokensThatAreDamagedOrNotForThisModel() throws IOException {
        Path file = folder.resolve("tokens.safetensors");
        writeTokens(file, 1, 600);
        assertRefusesTokens(file, file + ": has the token 600, and the model has 512 of them");
        writeTokens(file, -1, 5);
        assertRefusesTokens(file, "has the token -1");
        writeTokens(file, new int[4096]);
        assertRefusesTokens(file, "sequences of 4096: the model takes sequences of 2 to 2048 tokens");
        writeTokens(file, 1, 5, 7);
        byte[] bytes = Files.readAllBytes(file);
        bytes[bytes.length - 4] ^= 2;
        Files.write(file, bytes);
        assertRefusesTokens(file, "is damaged: its token ids do not have the digest that it tells of");
        Path other = Fixtures.model("llama-spm").resolve("model-00001-of-00002.safetensors");
        assertRefusesTokens(other, "holds no token ids of a calibration");
    }

    private static void writeTokens(Path file, int... ids) throws IOException {
        List<int[]> sequences = List.of(ids);
        Files.write(file, new RecordedTokens(new TokenSequences(sequences, ids.length, "0"), List.of("a"), "documents")
                .toBytes("tokens.safetensors"));
    }

    private void assertRefusesTokens(Path file, String message) {
        InvalidModelException error = assertThrows(InvalidModelException.class, () -> CalibrateJob.plan(
                request("llama-spm", new Options().tokens(file), "out"),
                new HadoopSettings(Map.of()),
                CalibrateProgress.NONE));
        assertTrue(error.getMessage().contains(message), error.getMessage());
    }

    @Test
    void isNotMadeAgainWhereItIsComplete() throws IOException {
        Options options = new Options().samples(2).statistics(StatisticsKind.IMATRIX);
        assertFalse(calibrate(1, "llama-spm", options, "out").skipped());
        assertTrue(calibrate(1, "llama-spm", options, "out").skipped());
        assertFalse(calibrate(1, "llama-spm", options.samples(3), "out").skipped());
        Files.delete(folder.resolve("out").resolve(CalibrationManifest.FILE));
        assertFalse(calibrate(1, "llama-spm", options.samples(3), "out").skipped());
    }

    /**
     * As a run whose lease another one took: older statistics stay where it is refused at once; where it is refused later, there
     * are none.
     */
    @Test
    void commitsNothingThatItMustNot() throws IOException {
        Options options = new Options().samples(2).statistics(StatisticsKind.IMATRIX);
        calibrate(1, "llama-spm", options, "out");
        Path manifest = folder.resolve("out").resolve(CalibrationManifest.FILE);
        byte[] before = Files.readAllBytes(manifest);
        assertEquals(1, committed(options.samples(3), 1));
        assertArrayEquals(before, Files.readAllBytes(manifest));
        assertEquals(3, committed(options.samples(3), 3));
        assertFalse(Files.exists(manifest));
    }

    /** How often a run asks whether it may commit that is refused from some time on. */
    private int committed(Options options, int refused) throws IOException {
        AtomicInteger asked = new AtomicInteger();
        try (JavaSparkContext spark = SparkCluster.local(1, Map.of())) {
            CalibrateJob job = CalibrateJob.plan(request("llama-spm", options, "out"),
                    HadoopSettings.of(spark.hadoopConfiguration()), new CalibrateProgress() {
                        @Override
                        public void committing(String location) throws IOException {
                            assertEquals(folder.resolve("out").toString(), location);
                            if (asked.incrementAndGet() == refused) {
                                throw new IOException("no more");
                            }
                        }
                    });
            assertEquals("no more", assertThrows(IOException.class, () -> job.run(spark)).getMessage());
        }
        return asked.get();
    }

    /** As if its driver had been killed between the last commit and its record. */
    @Test
    void whatAKilledRunLeftBesideCompleteStatisticsIsPutInOrder() throws IOException {
        Options options = new Options().samples(2).statistics(StatisticsKind.IMATRIX);
        calibrate(1, "llama-spm", options, "out");
        Path out = folder.resolve("out");
        List<Path> files = Fixtures.files(out);
        byte[] manifest = Files.readAllBytes(out.resolve(CalibrationManifest.FILE));
        Path record = out.resolve(".nightshift/" + CalibrationManifest.FILE + ".json");
        Files.delete(record);
        Files.writeString(out.resolve(".nightshift/" + CalibrationManifest.FILE + ".upload.json"), "{\"id\": null}");
        Path work = Files.createDirectories(out.resolve(".nightshift-work/work-1-" + UUID.randomUUID()));
        Files.writeString(work.resolve("states"), "of a layer");

        assertTrue(calibrate(1, "llama-spm", options, "out").skipped());
        assertEquals(files, Fixtures.files(out));
        assertArrayEquals(manifest, Files.readAllBytes(out.resolve(CalibrationManifest.FILE)));
        assertFalse(Files.exists(out.resolve(".nightshift-work")));
    }

    @Test
    void refusesSequencesBeyondTheModelAndStatisticsOfAnother() throws IOException {
        InvalidModelException tooLong = assertThrows(InvalidModelException.class, () -> CalibrateJob.plan(
                request("llama-spm", new Options().llamaImatrix(4096), "out"),
                new HadoopSettings(Map.of()),
                CalibrateProgress.NONE));
        assertTrue(tooLong.getMessage().contains("--sequence-length 4096: the model takes sequences of 2 to 2048"),
                tooLong.getMessage());
        InvalidModelException noExperts = assertThrows(InvalidModelException.class, () -> CalibrateJob.plan(
                request("llama-spm", new Options().routeAllExperts(), "out"),
                new HadoopSettings(Map.of()),
                CalibrateProgress.NONE));
        assertTrue(noExperts.getMessage().contains("--route-all-experts has no effect"), noExperts.getMessage());

        calibrate(1, "llama-spm", new Options().samples(1).statistics(StatisticsKind.IMATRIX), "out");
        String stats = folder.resolve("out").toString();
        HadoopSettings settings = new HadoopSettings(Map.of());
        assertEquals(stats + "/imatrix.gguf", StoredStatistics.importanceMatrix(stats, settings));
        try (JavaSparkContext spark = SparkCluster.local(1, Map.of())) {
            StatisticsReference statistics = new StatisticsReference(FolderReference.find(stats, settings));
            FolderReference same = FolderReference.find(Fixtures.copy("llama-spm", folder.resolve("same")).toString(),
                    settings);
            statistics.requireModel(same, spark);
            assertEquals(ModelDigest.of(Checkpoint.open(same.open())), statistics.manifest().modelDigest());
            FolderReference retrained = FolderReference.find(
                    Fixtures.retrained("llama-spm", folder.resolve("retrained")).toString(), settings);
            for (FolderReference another : List.of(retrained,
                    FolderReference.find(Fixtures.model("mixtral-moe").toString(), settings))) {
                InvalidModelException other = assertThrows(
                        InvalidModelException.class, () -> statistics.requireModel(another, spark));
                assertTrue(other.getMessage().contains("statistics of another model (llama-spm"), other.getMessage());
            }
        }

        byte[] matrix = Files.readAllBytes(folder.resolve("out/imatrix.gguf"));
        matrix[matrix.length - 100] ^= 1;
        Files.write(folder.resolve("out/imatrix.gguf"), matrix);
        InvalidModelException damaged = assertThrows(InvalidModelException.class, () ->
                StoredStatistics.importanceMatrix(stats, settings));
        assertTrue(damaged.getMessage().contains("is not the file that calibration.json tells of"),
                damaged.getMessage());
    }

    @Test
    void refusesATokenizerOfAnotherModel() throws IOException {
        Path model = Fixtures.copy("llama-spm", folder.resolve("model"));
        Files.writeString(model.resolve("tokenizer.json"), "{\"version\": \"1.0\", \"added_tokens\": [], \"model\":"
                + " {\"type\": \"WordLevel\", \"vocab\": {\"<unk>\": 9999}, \"unk_token\": \"<unk>\"}}");
        CalibrateRequest request = new CalibrateRequest(
                model.toString(),
                folder.resolve("out").toString(),
                Optional.empty(),
                new Options().options(data.toString()),
                Optional.empty(),
                false);
        try (JavaSparkContext spark = SparkCluster.local(1, Map.of())) {
            InvalidModelException error = assertThrows(InvalidModelException.class, () -> run(spark, request));
            assertTrue(error.getMessage().contains("it gives the token 9999, and the model has 512"),
                    error.getMessage());
        }
        assertEquals(List.of(), Fixtures.files(folder.resolve("out")));
    }

    /** Options of a calibration, few tokens by default. */
    private final class Options {
        private Path text = data;
        private OptionalInt samples = OptionalInt.empty();
        private int length = 64;
        private Packing packing = Packing.DOCUMENTS;
        private StatisticsKind statistics = StatisticsKind.GRAM;
        private int minExpertTokens = 1;
        private boolean routeAllExperts;
        private Path tokens;

        Options tokens(Path file) {
            tokens = file;
            return this;
        }

        Options data(Path file) {
            text = file;
            return this;
        }

        Options samples(int number) {
            samples = OptionalInt.of(number);
            return this;
        }

        Options llamaImatrix(int chunk) {
            packing = Packing.LLAMA_IMATRIX;
            length = chunk;
            return this;
        }

        Options statistics(StatisticsKind kept) {
            statistics = kept;
            return this;
        }

        Options minExpertTokens(int number) {
            minExpertTokens = number;
            return this;
        }

        Options routeAllExperts() {
            routeAllExperts = true;
            return this;
        }

        CalibrationOptions options(String location) {
            if (tokens != null) {
                return new CalibrationOptions(new CalibrationInput.Tokens(tokens.toString()), OptionalInt.of(4), statistics,
                        minExpertTokens, routeAllExperts);
            }
            return new CalibrationOptions(
                    new TextData(List.of(location), "text", OptionalLong.empty()),
                    packing, samples, length, 4, statistics, minExpertTokens, routeAllExperts);
        }
    }

    private CalibrateRequest request(String model, Options options, String output) {
        return new CalibrateRequest(
                Fixtures.model(model).toString(),
                folder.resolve(output).toString(),
                Optional.empty(),
                options.options(options.text.toString()),
                Optional.empty(),
                false);
    }

    private CalibrateResult calibrate(int cores, String model, Options options, String output) throws IOException {
        try (JavaSparkContext spark = SparkCluster.local(cores, Map.of())) {
            return run(spark, request(model, options, output));
        }
    }

    private static CalibrateResult run(JavaSparkContext spark, CalibrateRequest request) throws IOException {
        return CalibrateJob.plan(request, HadoopSettings.of(spark.hadoopConfiguration()), CalibrateProgress.NONE)
                .run(spark);
    }

    private static Imatrix imatrix(Path folder) throws IOException {
        LocalFolder opened = new LocalFolder(folder);
        return ImatrixReader.read(opened, opened.find(CalibrationManifest.IMATRIX).orElseThrow());
    }
}
