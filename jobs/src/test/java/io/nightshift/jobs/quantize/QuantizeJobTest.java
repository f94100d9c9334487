package io.nightshift.jobs.quantize;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.types.FileType;
import io.nightshift.jobs.gguf.GgufTarget;
import io.nightshift.jobs.output.OutputFile;
import io.nightshift.jobs.quantize.QuantizeRequest.Settings;
import io.nightshift.jobs.storage.HadoopSettings;
import io.nightshift.jobs.storage.StorageException;
import io.nightshift.jobs.tasks.Progress;
import io.nightshift.jobs.testing.Fixtures;
import io.nightshift.jobs.testing.S3Server;
import io.nightshift.jobs.testing.SparkCluster;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.Map;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class QuantizeJobTest {
    private static final long SMALL_PARTS = OutputFile.MIN_PART_LENGTH;
    private static final List<FileType> LARGE = List.of(FileType.F32);

    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"llama-spm", "mixtral-moe"})
    void makesTheFilesOfLlamaQuantize(String model) throws IOException {
        List<FileType> types = Fixtures.fileTypes(model, false);
        assertTrue(types.size() >= 17, types.toString());
        quantize(2, request(Fixtures.model(model).toString(), types, folder.toString(), SMALL_PARTS));
        for (FileType type : types) {
            assertEquals(Fixtures.golden(model, type.name()), Fixtures.sha256(file(model, type)), type.name());
        }
    }

    @Test
    void makesTheSameBytesOnAnyNumberOfCoresAndInPartsOfAnySize() throws IOException {
        for (int cores : new int[] {1, 4}) {
            for (long partSize : new long[] {SMALL_PARTS, 7 << 20, 64 << 20}) {
                Path output = folder.resolve(cores + "-" + partSize);
                QuantizeResult result = quantize(
                        cores, request(Fixtures.model("llama-spm").toString(), LARGE, output.toString(), partSize));
                assertTrue(work(result).parts() > 2, work(result).toString());
                assertEquals(
                        Fixtures.golden("llama-spm", "F32"), Fixtures.sha256(output.resolve("llama-spm-F32.gguf")));
            }
        }
    }

    @Test
    void readsTheSourceOnceForAllTargets() throws IOException {
        long weights = Files.size(Fixtures.model("mixtral-moe").resolve("model.safetensors"));
        QuantizeResult result = quantize(
                2,
                request(
                        Fixtures.model("mixtral-moe").toString(),
                        List.of(FileType.F16, FileType.Q8_0, FileType.Q4_K_M),
                        folder.toString(),
                        SMALL_PARTS));
        assertTrue(work(result).bytesRead() <= weights, work(result).bytesRead() + " of " + weights);
        assertTrue(work(result).bytesRead() > weights * 0.99);
    }

    @Test
    void skipsWhatIsComplete() throws IOException {
        QuantizeRequest request = request(
                Fixtures.model("llama-spm").toString(), List.of(FileType.Q8_0), folder.toString(), SMALL_PARTS);
        Path file = file("llama-spm", FileType.Q8_0);
        quantize(1, request);
        FileTime made = Files.getLastModifiedTime(file);
        assertTrue(quantize(1, request).outputs().get(0).skipped());
        assertEquals(made, Files.getLastModifiedTime(file));

        try (RandomAccessFile damaged = new RandomAccessFile(file.toFile(), "rw")) {
            damaged.seek(200_000);
            damaged.write(damaged.read() ^ 1);
        }
        assertFalse(quantize(1, request).outputs().get(0).skipped());
        assertEquals(Fixtures.golden("llama-spm", "Q8_0"), Fixtures.sha256(file));
    }

    @Test
    void namesTheTensorWithAWeightThatIsNotFiniteAndLeavesNothing() throws IOException {
        Path model = Fixtures.copy("mixtral-moe", folder.resolve("model"));
        Path weights = model.resolve("model.safetensors");
        try (RandomAccessFile file = new RandomAccessFile(weights.toFile(), "rw")) {
            file.seek(file.length() - 1000);
            // The exponent of a BF16 number, all ones.
            file.write(new byte[] {(byte) 0x80, 0x7f});
        }
        Path output = folder.resolve("output");
        InvalidModelException error = assertThrows(
                InvalidModelException.class,
                () -> quantize(
                        1, request(model.toString(), List.of(FileType.Q4_K_M), output.toString(), SMALL_PARTS)));
        assertTrue(error.getMessage().matches("model\\.layers\\..*, row \\d+, column \\d+: the weight is infinite.*"),
                error.getMessage());
        assertEquals(List.of(), Fixtures.files(output));
    }

    @Test
    void namesAMissingShard() throws IOException {
        Path model = Fixtures.copy("llama-spm", folder.resolve("model"));
        Files.delete(model.resolve("model-00002-of-00002.safetensors"));
        assertRefused(model, "model-00002-of-00002.safetensors");
    }

    @Test
    void namesATruncatedShard() throws IOException {
        Path model = Fixtures.copy("llama-spm", folder.resolve("model"));
        try (RandomAccessFile file = new RandomAccessFile(
                model.resolve("model-00002-of-00002.safetensors").toFile(), "rw")) {
            file.setLength(file.length() - 4);
        }
        assertRefused(model, "model-00002-of-00002.safetensors");
    }

    @Test
    void makesTheSameBytesFromS3ToS3WithoutReadingMoreThanNeeded() throws Exception {
        try (S3Server s3 = S3Server.start()) {
            long weights = 0;
            for (Path file : Fixtures.files(Fixtures.model("llama-spm"))) {
                s3.put("in/llama-spm/" + file.getFileName(), Files.readAllBytes(file));
                weights += file.toString().endsWith(".safetensors") ? Files.size(file) : 0;
            }
            s3.resetCounters();
            QuantizeRequest request = request(
                    s3.location("in/llama-spm"),
                    List.of(FileType.F32, FileType.Q4_K_M),
                    s3.location("out"),
                    SMALL_PARTS);
            QuantizeResult result;
            try (JavaSparkContext spark = SparkCluster.local(2, s3.hadoopOptions())) {
                result = QuantizeJob.plan(request, s3.settings(), Progress.NONE).run(spark);
            }
            assertTrue(s3.bytesSent() < 1.05 * weights + 1_000_000, s3.bytesSent() + " for " + weights);
            assertTrue(work(result).bytesRead() <= weights);
            assertEquals(Fixtures.golden("llama-spm", "F32"), Fixtures.sha256(s3.get("out/llama-spm-F32.gguf")));
            assertEquals(Fixtures.golden("llama-spm", "Q4_K_M"), Fixtures.sha256(s3.get("out/llama-spm-Q4_K_M.gguf")));
        }
    }

    @Test
    void makesTheSameBytesOnTwoExecutorsOfWhichOneIsKilled() throws Exception {
        try (JavaSparkContext spark = SparkCluster.twoExecutors(Map.of())) {
            SparkCluster.Casualties casualties = SparkCluster.killAnExecutorAfterTheFirstTask(spark);
            // One job a part would be over too soon: several of them, until Spark has noticed.
            QuantizeRequest request =
                    request(Fixtures.model("llama-spm").toString(), LARGE, folder.toString(), SMALL_PARTS);
            for (int run = 0; run < 20 && (run == 0 || casualties.lost() == 0); run++) {
                Files.deleteIfExists(file("llama-spm", FileType.F32));
                QuantizeJob.plan(request, HadoopSettings.of(spark.hadoopConfiguration()), Progress.NONE).run(spark);
                assertEquals(Fixtures.golden("llama-spm", "F32"), Fixtures.sha256(file("llama-spm", FileType.F32)));
            }
            assertNotEquals(0, casualties.lost());
        }
    }

    @Test
    void aShardThatVanishesWhileTheJobRunsIsAFailureAtRunTime() throws IOException {
        Path model = Fixtures.copy("llama-spm", folder.resolve("model"));
        Path shard = model.resolve("model-00001-of-00002.safetensors");
        assertFailsAtRunTime(model, shard.getFileName().toString(), new Progress() {
            @Override
            public void started(int pieces, long bytes) {
                delete(shard);
            }
        });
    }

    @Test
    void aCommitThatFailsIsAFailureAtRunTime() throws IOException {
        Path records = folder.resolve("output/.nightshift");
        assertFailsAtRunTime(Fixtures.model("llama-spm"), "llama-spm-F32.gguf", new Progress() {
            private int missing;

            @Override
            public void started(int pieces, long bytes) {
                missing = pieces;
            }

            @Override
            public void advanced(long bytesRead, long bytesWritten) {
                missing--;
                if (missing == 0) {
                    parts(records).forEach(QuantizeJobTest::delete);
                }
            }
        });
    }

    private static List<Path> parts(Path records) {
        try {
            return Fixtures.files(records).stream().filter(file -> file.toString().endsWith(".partial")).toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void delete(Path file) {
        try {
            Files.delete(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void assertFailsAtRunTime(Path model, String named, Progress saboteur) throws IOException {
        Path output = folder.resolve("output");
        QuantizeJob job = QuantizeJob.plan(
                request(model.toString(), LARGE, output.toString(), SMALL_PARTS),
                new HadoopSettings(Map.of()),
                saboteur);
        IOException error;
        try (JavaSparkContext spark = SparkCluster.local(2, Map.of())) {
            error = assertThrows(IOException.class, () -> job.run(spark));
        }
        assertFalse(error instanceof StorageException, "the command line would call it an input error");
        assertTrue(error.getMessage().contains(named), error.getMessage());
        assertFalse(Files.exists(output), "the output folder was left");
    }

    private void assertRefused(Path model, String named) throws IOException {
        InvalidModelException error = assertThrows(
                InvalidModelException.class,
                () -> QuantizeJob.plan(
                        request(model.toString(), LARGE, folder.resolve("output").toString(), SMALL_PARTS),
                        new HadoopSettings(Map.of()),
                        Progress.NONE));
        assertTrue(error.getMessage().contains(named), error.getMessage());
        assertEquals(List.of(), Fixtures.files(folder.resolve("output")));
    }

    private static OutputResult.Work work(QuantizeResult result) {
        return result.outputs().get(0).work();
    }

    private Path file(String model, FileType type) {
        return folder.resolve(model + "-" + type + ".gguf");
    }

    private static QuantizeResult quantize(int cores, QuantizeRequest request) throws IOException {
        QuantizeJob job = QuantizeJob.plan(request, new HadoopSettings(Map.of()), Progress.NONE);
        try (JavaSparkContext spark = SparkCluster.local(cores, Map.of())) {
            return job.run(spark);
        }
    }

    private static QuantizeRequest request(String model, List<FileType> types, String output, long partSize) {
        return QuantizeRequest.of(model, types.stream().map(GgufTarget::of).toList(), output)
                .with(Settings.DEFAULT.withPartSize(partSize));
    }
}
