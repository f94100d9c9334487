package io.nightshift.jobs.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.nightshift.jobs.testing.CommandRun;
import io.nightshift.jobs.testing.Fixtures;
import io.nightshift.jobs.testing.S3Server;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What cannot be used: one clear line, the exit code of an input error, and nothing left behind. */
class BadInputTest {
    /** Hadoop's own retries take minutes. */
    private static final Duration SECONDS = Duration.ofSeconds(60);

    private static final String MODEL = "llama-spm";
    private static final String FIRST_SHARD = "model-00001-of-00002.safetensors";
    private static final String SECOND_SHARD = "model-00002-of-00002.safetensors";

    private static S3Server s3;

    @TempDir
    Path folder;

    private Path output;

    @BeforeAll
    static void start() throws Exception {
        s3 = S3Server.start();
        for (Path file : Fixtures.files(Fixtures.model(MODEL))) {
            s3.put("in/" + MODEL + "/" + file.getFileName(), Files.readAllBytes(file));
        }
    }

    @AfterAll
    static void stop() throws Exception {
        s3.close();
    }

    @AfterEach
    void clearOptions() {
        s3.hadoopOptions().keySet().forEach(key -> System.clearProperty("spark.hadoop." + key));
    }

    /** As {@code spark-submit --conf} does it. */
    private static void setOptions(Map<String, String> others) {
        s3.hadoopOptions().forEach((key, value) -> System.setProperty("spark.hadoop." + key, value));
        others.forEach((key, value) -> System.setProperty("spark.hadoop." + key, value));
    }

    private Path copy() throws IOException {
        return Fixtures.copy(MODEL, folder.resolve(MODEL));
    }

    private static CommandRun quantize(String model, String to, String output, String... options) {
        List<String> arguments = new ArrayList<>(
                List.of("quantize", "--model", model, "--to", to, "--output", output, "--master", "local[2]"));
        arguments.addAll(List.of(options));
        return CommandRun.of(arguments.toArray(String[]::new));
    }

    /** Makes sure that a checkpoint is refused, and returns the line that says why. */
    private String refusal(Path model) throws IOException {
        output = folder.resolve("out");
        List<Path> before = Fixtures.files(folder);
        CommandRun run = quantize(model.toString(), "gguf:Q4_K_M,gguf:Q8_0", output.toString());
        assertEquals(before, Fixtures.files(folder));
        assertFalse(Files.exists(output), "the output folder was left");
        return line(run, 2);
    }

    private static String line(CommandRun run, int exitCode) {
        // A slow machine sees progress before it.
        List<String> lines = run.err().lines()
                .filter(line -> !line.isBlank() && !line.matches("\\d+ of \\d+ parts.*"))
                .toList();
        assertEquals(1, lines.size(), run.err());
        assertTrue(lines.get(0).startsWith("nightshift: "), run.err());
        assertFalse(lines.get(0).contains("xception"), run.err());
        assertEquals("", run.out());
        assertEquals(exitCode, run.exitCode());
        return lines.get(0).substring("nightshift: ".length());
    }

    private static void assertContains(String part, String line) {
        assertTrue(line.contains(part), line);
    }

    @Test
    void aMissingShardIsNamed() throws IOException {
        Path model = copy();
        Files.delete(model.resolve(SECOND_SHARD));
        assertContains(SECOND_SHARD, refusal(model));
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 7, 100, 4_000_000})
    void aTruncatedShardIsNamed(long length) throws IOException {
        Path model = copy();
        try (RandomAccessFile file = new RandomAccessFile(model.resolve(SECOND_SHARD).toFile(), "rw")) {
            file.setLength(length);
        }
        assertContains(SECOND_SHARD, refusal(model));
    }

    @ParameterizedTest
    @ValueSource(longs = {Long.MIN_VALUE, Long.MAX_VALUE, -1, 1L << 40})
    void aHeaderOfAnImpossibleLengthIsRefused(long length) throws IOException {
        Path model = copy();
        try (RandomAccessFile file = new RandomAccessFile(model.resolve(FIRST_SHARD).toFile(), "rw")) {
            file.write(ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(length).array());
        }
        String line = refusal(model);
        assertContains(FIRST_SHARD, line);
        assertContains("header", line);
    }

    /** BF16 numbers: a NaN of each sign, and the infinities. */
    @ParameterizedTest
    @ValueSource(ints = {0x7fc0, 0xffff, 0x7f80, 0xff80})
    void aWeightThatIsNotFiniteIsNamed(int bits) throws IOException {
        Path model = copy();
        try (RandomAccessFile file = new RandomAccessFile(model.resolve(SECOND_SHARD).toFile(), "rw")) {
            file.seek(file.length() - 2);
            file.write(new byte[] {(byte) bits, (byte) (bits >> 8)});
        }
        String line = refusal(model);
        assertTrue(line.matches("(model|lm_head)\\.[a-z0-9_.]*weight, row \\d+, column \\d+: the weight is .*"), line);
    }

    /** 1e9 is finite, but a scale made of it is not in half precision. */
    @ParameterizedTest
    @ValueSource(strings = {
        "F16", "Q8_0", "Q4_0", "Q2_K", "Q6_K", "IQ4_XS", "IQ3_S", "IQ2_XS", "IQ1_S", "IQ1_M", "TQ2_0", "Q1_0"
    })
    void aWeightTooLargeForTheTypeIsNamed(String type) throws IOException {
        Path model = copy();
        try (RandomAccessFile file = new RandomAccessFile(model.resolve(SECOND_SHARD).toFile(), "rw")) {
            // After the last projection of the last layer's queries come its values and the last norm.
            file.seek(file.length() - 2 * (256 + 128 * 256 + 1));
            file.write(new byte[] {0x6e, 0x4e});
        }
        output = folder.resolve("out");
        String matrix = Fixtures.imatrix(MODEL).toString();
        String line = line(quantize(model.toString(), "gguf:" + type, output.toString(), "--imatrix", matrix), 2);
        assertEquals("blk.7.attn_q.weight (model.layers.7.self_attn.q_proj.weight), row 255: the weights are too large "
                + "for " + type, line);
        assertFalse(Files.exists(output), "the output folder was left");
    }

    @Test
    void theArchitecturesThatAreSupportedAreNamed() throws IOException {
        Path model = copy();
        Path config = model.resolve("config.json");
        Files.writeString(config, Files.readString(config).replace("LlamaForCausalLM", "NoSuchForCausalLM"));
        String line = refusal(model);
        assertContains("NoSuchForCausalLM", line);
        for (String supported : List.of(" llama,", " qwen3,", " phi3,")) {
            assertContains(supported, line);
        }
    }

    @Test
    void theTypesThatAreSupportedAreNamed() throws IOException {
        String line = line(quantize(Fixtures.model(MODEL).toString(), "gguf:Q9_K", folder.toString()), 2);
        assertTrue(line.startsWith("unknown GGUF type 'Q9_K'; supported: "), line);
        for (String supported : List.of("F16", "Q8_0", "Q4_K_M", "Q2_K")) {
            assertContains(" " + supported, line);
        }
        assertEquals(List.of(), Fixtures.files(folder));
    }

    @ParameterizedTest
    @ValueSource(strings = {"/file", "/file/out", "/file/further/out"})
    void aFileWhereTheOutputFolderHasToBeIsNamed(String path) throws IOException {
        Path file = Files.writeString(folder.resolve("file"), "in the way");
        String line = line(quantize(Fixtures.model(MODEL).toString(), "gguf:Q8_0", folder + path), 2);
        assertContains(file + " is a file, where a folder has to be", line);
        assertEquals(List.of(file), Fixtures.files(folder));
        assertEquals("in the way", Files.readString(file));
    }

    /** Linux lets nobody make a folder there. */
    @Test
    void anOutputFolderThatCannotBeMadeIsNamed() {
        String line = line(quantize(Fixtures.model(MODEL).toString(), "gguf:Q8_0", "/proc/nightshift"), 2);
        assertEquals("/proc/nightshift: cannot be written: /proc/nightshift cannot be made or opened; choose another "
                + "output folder", line);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "fs.s3a.secret.key | access was denied (SignatureDoesNotMatch); check the credentials",
                "fs.s3a.access.key | access was denied (InvalidAccessKeyId); check the credentials",
            })
    void wrongCredentialsAreToldForModelAndOutput(String key, String problem) throws IOException {
        setOptions(Map.of(key, "wrong"));
        assertRefusedInS3("s3a://models", problem);
    }

    @Test
    void aMissingBucketIsToldForModelAndOutput() throws IOException {
        setOptions(Map.of());
        assertRefusedInS3("s3a://elsewhere", "there is no such bucket; create it or correct the name");
    }

    @Test
    void anEndpointThatDoesNotAnswerIsFoundOutInSeconds() throws IOException {
        try (ServerSocket silent = new ServerSocket(0, 100, InetAddress.getLoopbackAddress())) {
            setOptions(Map.of("fs.s3a.endpoint", "http://127.0.0.1:" + silent.getLocalPort()));
            assertRefusedInS3("s3a://models", "does not answer; check fs.s3a.endpoint");
        }
    }

    @Test
    void anEndpointWhereNobodyListensIsFoundOutInSeconds() throws IOException {
        int port;
        try (ServerSocket closed = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = closed.getLocalPort();
        }
        setOptions(Map.of("fs.s3a.endpoint", "http://127.0.0.1:" + port));
        assertRefusedInS3("s3a://models", "does not answer; check fs.s3a.endpoint");
    }

    /** Neither is a model read from there nor an output written. */
    private void assertRefusedInS3(String bucket, String problem) throws IOException {
        List<String> keys = s3.keys();
        String model = bucket + "/in/" + MODEL;
        CommandRun reading =
                assertTimeoutPreemptively(SECONDS, () -> quantize(model, "gguf:Q8_0", folder.toString()));
        assertContains(model + ": ", line(reading, 2));
        assertContains(problem, line(reading, 2));

        String target = bucket + "/out";
        CommandRun writing = assertTimeoutPreemptively(
                SECONDS, () -> quantize(Fixtures.model(MODEL).toString(), "gguf:Q8_0", target));
        assertContains(target + ": ", line(writing, 2));
        assertContains(problem, line(writing, 2));

        assertEquals(keys, s3.keys());
        assertEquals(List.of(), s3.uploads());
        assertEquals(List.of(), Fixtures.files(folder));
    }

    @Test
    void aWeightThatIsNotFiniteLeavesNothingInS3() throws IOException {
        Path model = copy();
        try (RandomAccessFile file = new RandomAccessFile(model.resolve(FIRST_SHARD).toFile(), "rw")) {
            file.seek(file.length() - 2);
            file.write(new byte[] {(byte) 0x80, 0x7f});
        }
        setOptions(Map.of());
        List<String> keys = s3.keys();
        line(quantize(model.toString(), "gguf:F32,gguf:Q8_0", s3.location("out"), "--part-size", "5M"), 2);
        assertEquals(keys, s3.keys());
        assertEquals(List.of(), s3.uploads());
    }

    @Test
    void theStackTraceIsShownOnRequest() {
        CommandRun run = CommandRun.of(
                "--verbose", "quantize", "--model", "/no/such/folder", "--to", "gguf:Q8_0", "--output",
                folder.toString());
        assertEquals(2, run.exitCode());
        assertTrue(run.err().contains("\tat io.nightshift."), run.err());
    }
}
