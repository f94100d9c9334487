package io.nightshift.jobs.evaluation;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.nightshift.formats.logits.BaseLogits;
import io.nightshift.jobs.storage.HadoopSettings;
import io.nightshift.jobs.testing.CommandRun;
import io.nightshift.jobs.testing.Fixtures;
import io.nightshift.jobs.testing.S3Server;
import io.nightshift.jobs.testing.SparkCluster;
import io.nightshift.jobs.testing.SyntheticCheckpoint;
import io.nightshift.jobs.testing.Texts;
import io.nightshift.jobs.text.TextData;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Predictions that are kept in a file say what those of the model say, and no file is there that is not whole. */
class BaseLogitsFilesTest {
    private static final int CONTEXT = 64;

    @TempDir
    static Path made;

    @TempDir
    Path folder;

    private static Path model;
    private static Path quantized;
    private static Path text;
    private static Path saved;
    private static JsonNode own;

    /** The vocabulary is larger than the tokenizer's, so that the file has several parts. */
    @BeforeAll
    static void saveOnce() throws IOException {
        model = made.resolve("model");
        SyntheticCheckpoint.write(model, Map.of("hidden", "256", "ffn", "256", "layers", "1", "heads", "4", "kv-heads", "2",
                "vocabulary", "4097", "tokenizer", Fixtures.model("llama-spm").toString()));
        text = Texts.write(made.resolve("text.txt"), Texts.document(1, 1600));
        CommandRun run = CommandRun.of("quantize", "--model", model.toString(), "--to", "gguf:Q2_K", "--output",
                made.toString(), "--master", "local[2]");
        assertEquals(0, run.exitCode(), run.err());
        quantized = made.resolve("model-Q2_K.gguf");
        saved = made.resolve("saved/base.logits");
        own = evaluated("-c", "" + CONTEXT, "--save-base-logits", saved.toString(), "--quantized", quantized.toString());
    }

    @Test
    void keepPredictionsAndGiveTheSameFigures() throws IOException {
        JsonNode read = evaluated("--base-logits", saved.toString(), "--quantized", quantized + "," + model + "," + saved);
        assertEquals(CONTEXT, read.get("context").asInt());
        assertEquals(own.get("chunks").asInt(), read.get("chunks").asInt());
        assertEquals(saved.toString(), read.at("/original/location").asText());
        double perplexity = own.at("/original/perplexity").asDouble();
        assertEquals(perplexity, read.at("/original/perplexity").asDouble(), 1e-4 * perplexity);
        double lost = own.at("/quantized/0/meanDivergence").asDouble();
        assertTrue(lost > 1e-3, own.toString());
        assertEquals(lost, read.at("/quantized/0/meanDivergence").asDouble(), 2e-3 * lost);
        assertEquals(own.at("/quantized/0/sameTop").asDouble(), read.at("/quantized/0/sameTop").asDouble(), 0.01);
        assertEquals(0, read.at("/quantized/1/meanDivergence").asDouble(), 1e-6);
        assertEquals(0, read.at("/quantized/2/maximalDivergence").asDouble());
        assertEquals(1, read.at("/quantized/2/sameTop").asDouble());
        // Fewer chunks of a file are read as well.
        assertEquals(3, evaluated("--base-logits", saved.toString(), "--chunks", "3").get("chunks").asInt());
    }

    @Test
    void haveTheSameBytesHoweverManyCoresAndAfterAnExecutorIsLost() throws Exception {
        int chunks = own.get("chunks").asInt();
        BaseLogits layout = new BaseLogits(CONTEXT, 4097, chunks);
        assertTrue(LogitsParts.groups(layout, 16) > 1, chunks + " chunks");
        assertEquals(layout.length(), Files.size(saved));
        assertEquals(List.of(".nightshift/base.logits.json", "base.logits"), names(saved.getParent()));

        Path one = folder.resolve("one.logits");
        evaluated("-c", "" + CONTEXT, "--save-base-logits", one.toString(), "--master", "local[1]");
        assertArrayEquals(Files.readAllBytes(saved), Files.readAllBytes(one));

        Path other = folder.resolve("other.logits");
        try (JavaSparkContext spark = SparkCluster.twoExecutors(Map.of())) {
            SparkCluster.Casualties casualties = SparkCluster.killAnExecutorAfterTheFirstTask(spark);
            EvaluateRequest request = new EvaluateRequest(model.toString(), List.of(),
                    new TextData(List.of(text.toString()), "text", OptionalLong.empty()), OptionalInt.of(CONTEXT),
                    OptionalInt.empty(), Optional.empty(), Optional.empty(),
                    Optional.of(new EvaluateRequest.SavedLogits(other.toString(), false)), Optional.empty());
            EvaluateJob.plan(request, new HadoopSettings(Map.of()), EvaluateProgress.NONE).run(spark);
            assertEquals(1, casualties.lost());
        }
        assertArrayEquals(Files.readAllBytes(saved), Files.readAllBytes(other));
        assertEquals(List.of(".nightshift/one.logits.json", ".nightshift/other.logits.json", "one.logits", "other.logits"),
                names(folder));
    }

    @Test
    void areReadFromAndWrittenToAnObjectStore() throws Exception {
        try (S3Server s3 = S3Server.start()) {
            s3.hadoopOptions().forEach((key, value) -> System.setProperty("spark.hadoop." + key, value));
            evaluated("-c", "" + CONTEXT, "--save-base-logits", s3.location("kept/base.logits"));
            assertArrayEquals(Files.readAllBytes(saved), s3.get("kept/base.logits"));
            assertEquals(List.of(), s3.uploads());
            JsonNode read = evaluated("--base-logits", s3.location("kept/base.logits"), "--chunks", "3", "--quantized",
                    s3.location("kept/base.logits"));
            assertEquals(0, read.at("/quantized/0/meanDivergence").asDouble());
        } finally {
            System.getProperties().keySet().removeIf(key -> key.toString().startsWith("spark.hadoop."));
        }
    }

    @Test
    void ofARunThatFailsAreNotThere() throws IOException {
        Path damaged = folder.resolve("damaged");
        Files.createDirectories(damaged);
        for (Path file : Fixtures.files(model)) {
            Files.copy(file, damaged.resolve(file.getFileName()));
        }
        byte[] weights = Files.readAllBytes(damaged.resolve("model.safetensors"));
        Arrays.fill(weights, weights.length - 1000, weights.length, (byte) 0xff);
        Files.write(damaged.resolve("model.safetensors"), weights);
        Path target = folder.resolve("out/base.logits");
        CommandRun run = run(damaged, text, "-c", "" + CONTEXT, "--save-base-logits", target.toString());
        assertTrue(run.exitCode() != 0, run.out());
        assertEquals(List.of(), names(folder.resolve("out")));
    }

    @Test
    void ofOtherTextsModelsAndContextsAreRefused() throws IOException {
        Path other = Texts.write(folder.resolve("other.txt"), Texts.document(2, 2000));
        assertRefused(run(model, other, "--base-logits", saved.toString()), "its token 1 of chunk 0 is ",
                "it is of another text or tokenizer; give the text that it was made from");
        Path shorter = Texts.write(folder.resolve("shorter.txt"), Files.readString(text).substring(0, 2000));
        assertRefused(run(model, shorter, "--base-logits", saved.toString()), "and the text gives ");
        assertRefused(run(Fixtures.model("llama-spm"), text, "--base-logits", saved.toString()),
                saved + ": predicts 4097 tokens, where the model has 512 of them");
        assertRefused(run(model, text, "-c", "32", "--base-logits", saved.toString()),
                "--context 32: " + saved + " was made with a context of 64");
        assertRefused(run(model, text, "--chunks", "5000", "--base-logits", saved.toString()), "--chunks 5000: ");
        byte[] whole = Files.readAllBytes(saved);
        Path damaged = folder.resolve("damaged.logits");
        Files.write(damaged, Arrays.copyOf(whole, whole.length - 1));
        assertRefused(run(model, text, "--base-logits", damaged.toString()), "what wrote it did not come to its end");
        BaseLogits layout = new BaseLogits(CONTEXT, 4097, own.get("chunks").asInt());
        ByteBuffer.wrap(whole).order(ByteOrder.LITTLE_ENDIAN).putFloat((int) layout.position(40), Float.NaN);
        Files.write(damaged, whole);
        assertRefused(run(model, text, "--quantized", damaged.toString(), "--chunks", "3"),
                damaged + ": prediction 40 claims log probabilities from ");
        assertRefused(run(model, text, "--quantized", text.toString()), "text.txt: not a base-logits file");
    }

    @Test
    void areNotWrittenOverWhatIsNotTheirs() throws IOException {
        Path mine = Files.writeString(folder.resolve("mine"), "mine");
        assertRefused(run(model, text, "--save-base-logits", mine.toString()), "no run of nightshift made it");
        assertEquals("mine", Files.readString(mine));
        assertRefused(run(model, text, "--save-base-logits", folder.toString()), "is a folder, where a file is to be made");
        assertRefused(run(model, text, "--save-base-logits", mine.toString(), "--base-logits", saved.toString()),
                "leave out one of them");
        assertRefused(run(model, text, "--overwrite"), "--overwrite has no effect without --save-base-logits");
        assertRefused(run(model, text, "--save-base-logits", saved.toString(), "--quantized", saved.toString()),
                "this file is read in the same run");
        evaluated("-c", "" + CONTEXT, "--chunks", "2", "--save-base-logits", mine.toString(), "--overwrite");
        assertEquals(new BaseLogits(CONTEXT, 4097, 2).length(), Files.size(mine));
    }

    private static void assertRefused(CommandRun run, String... messages) {
        assertEquals(2, run.exitCode(), run.err());
        List<String> lines = run.err().lines().filter(line -> line.startsWith("nightshift: ")).toList();
        assertEquals(1, lines.size(), run.err());
        for (String message : messages) {
            assertTrue(lines.get(0).contains(message), lines.get(0));
        }
    }

    private static List<String> names(Path folder) throws IOException {
        return Fixtures.files(folder).stream().map(file -> folder.relativize(file).toString()).toList();
    }

    private static JsonNode evaluated(String... options) throws IOException {
        CommandRun run = run(model, text, options);
        assertEquals(0, run.exitCode(), run.err());
        return new ObjectMapper().readTree(run.out().lines().reduce((a, b) -> b).orElseThrow());
    }

    private static CommandRun run(Path model, Path text, String... options) {
        List<String> arguments = new ArrayList<>(List.of("evaluate", "--model", model.toString(), "--data",
                text.toString(), "--json"));
        if (!List.of(options).contains("--master")) {
            arguments.addAll(List.of("--master", "local[2]"));
        }
        arguments.addAll(List.of(options));
        return CommandRun.of(arguments.toArray(String[]::new));
    }
}
