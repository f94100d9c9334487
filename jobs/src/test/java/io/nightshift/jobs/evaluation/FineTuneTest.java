package io.nightshift.jobs.evaluation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.nightshift.jobs.evaluation.FineTune.Verdict;
import io.nightshift.jobs.testing.CommandRun;
import io.nightshift.jobs.testing.Fixtures;
import io.nightshift.jobs.testing.SparkCluster;
import io.nightshift.jobs.testing.SyntheticCheckpoint;
import io.nightshift.jobs.testing.Texts;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whether a fine-tune survives its quantization: what it changed of its base is what counts. */
class FineTuneTest {
    @TempDir
    static Path made;

    @TempDir
    Path folder;

    private static Path base;
    private static Path tuned;
    private static Path text;

    /** The fine-tune has other weights than its base throughout. */
    @BeforeAll
    static void makeModels() throws IOException {
        base = write("base", Map.of());
        tuned = write("tuned", Map.of("seed", "2"));
        text = Texts.write(made.resolve("text.txt"), Texts.document(1, 600));
        CommandRun run = CommandRun.of("quantize", "--model", tuned.toString(), "--to", "gguf:Q8_0,gguf:Q2_K", "--output",
                made.toString(), "--master", "local[2]");
        assertEquals(0, run.exitCode(), run.err());
    }

    @Test
    void survivesEightBitsAndNotTwo() throws IOException {
        String eight = made.resolve("tuned-Q8_0.gguf").toString();
        String two = made.resolve("tuned-Q2_K.gguf").toString();
        CommandRun run = run(tuned, "--base", base.toString(), "--quantized", eight + "," + two + "," + base,
                "--parquet", folder.resolve("table").toString());
        JsonNode result = json(run);
        JsonNode fineTune = result.get("fineTune");
        int changed = fineTune.get("changed").asInt();
        assertTrue(changed > 0.9 * result.get("scoredTokens").asInt(), result.toString());
        assertEquals(1 - fineTune.at("/change/sameTop").asDouble(), (double) changed / result.get("scoredTokens").asInt(), 1e-12);
        assertEquals("SURVIVED", fineTune.at("/kept/0/verdict").asText());
        assertEquals("LOST", fineTune.at("/kept/1/verdict").asText());
        double share = fineTune.at("/kept/0/share").asDouble();
        assertTrue(share > 0.9 && share < 1, fineTune.toString());
        // The base itself has nothing of the fine-tune, and its divergence is not that of the fine-tune from it.
        assertEquals(0, fineTune.at("/kept/2/share").asDouble());
        assertEquals(1, fineTune.at("/kept/2/revertedShare").asDouble());
        assertEquals(fineTune.at("/base/perplexity").asDouble(), result.at("/quantized/2/perplexity").asDouble(), 1e-9);
        double there = fineTune.at("/change/meanDivergence").asDouble();
        double back = result.at("/quantized/2/meanDivergence").asDouble();
        assertTrue(there > 0.01 && back > 0.01 && Math.abs(there - back) > 1e-9, there + " and " + back);
        assertEquals(result.at("/original/perplexity").asDouble(), fineTune.at("/change/perplexity").asDouble(), 1e-9);
        assertTrue(run.out().contains("tuned-Q8_0.gguf: the fine-tune survived: "), run.out());
        assertTrue(run.out().contains("tuned-Q2_K.gguf: the fine-tune did not survive: "), run.out());
        assertTrue(run.out().contains("where 90 % are asked for."), run.out());

        try (JavaSparkContext spark = SparkCluster.local(2, Map.of())) {
            List<Row> rows = SparkSession.builder().config(spark.getConf()).getOrCreate().read()
                    .parquet(folder.resolve("table").toString()).collectAsList();
            assertEquals(4, rows.size());
            assertEquals(changed, rows.get(0).<Integer>getAs("changed_tokens"));
            assertEquals(there, rows.get(0).<Double>getAs("base_divergence"));
            assertEquals(Arrays.asList(null, "SURVIVED", "LOST", "LOST"),
                    rows.stream().map(row -> row.<String>getAs("verdict")).toList());
            assertEquals(share, rows.get(1).<Double>getAs("kept"));
        }
    }

    @Test
    void thatIsIdenticalToItsBaseIsCalledSo() throws IOException {
        CommandRun run = run(tuned, "--base", tuned.toString(), "--chunks", "4", "--save-base-logits",
                folder.resolve("tuned.logits").toString(), "--quantized", made.resolve("tuned-Q2_K.gguf").toString());
        JsonNode fineTune = json(run).get("fineTune");
        assertTrue(fineTune.get("identical").asBoolean());
        assertEquals(0, fineTune.get("changed").asInt());
        assertEquals("IDENTICAL", fineTune.at("/kept/0/verdict").asText());
        assertTrue(run.out().contains("The fine-tune is identical to its base in what it predicts"), run.out());
        assertTrue(run.out().contains("tuned-Q2_K.gguf: there is no fine-tune to survive."), run.out());

        // What 16 bits leave of the base's predictions does not make it another model.
        JsonNode read = json(run(tuned, "--base", folder.resolve("tuned.logits").toString())).get("fineTune");
        assertTrue(read.get("identical").asBoolean(), read.toString());
    }

    @Test
    void ofFewTokensIsNotJudged() throws IOException {
        JsonNode result = json(run(tuned, "--base", base.toString(), "--chunks", "2", "--quantized",
                made.resolve("tuned-Q8_0.gguf").toString()));
        assertEquals("UNDECIDED", result.at("/fineTune/kept/0/verdict").asText());
        assertTrue(json(run(tuned, "--chunks", "2")).get("fineTune").isNull());
    }

    @Test
    void aBaseOfOtherShapesOrVocabularyIsRefused() throws IOException {
        assertRefused(write("wide", Map.of("ffn", "512")), "blk.0.ffn_gate.weight has the shape [256, 512], where the"
                + " fine-tune's has [256, 256]");
        assertRefused(write("deep", Map.of("layers", "2")), "which the fine-tune lacks; is it the base of this model?");
        assertRefused(write("words", Map.of("vocabulary", "600")), "has 600 tokens in its vocabulary, where the fine-tune"
                + " has 1024: their predictions cannot be compared");
        assertRefused(write("other", Map.of("tokenizer", Fixtures.family("mistral-f32").toString())),
                " tokens are other ones than the fine-tune's; is it the base of this model?");
        assertRefused(made.resolve("tuned-Q8_0.gguf"), "is a quantized model; give the checkpoint that was fine-tuned");
        assertRefused(made.resolve("nowhere"), "there is no such folder");
    }

    @Test
    void countsKeptAndRevertedChanges() {
        // Ten predictions, of which the fine-tune changed eight: five are kept, two taken back, one is a third token.
        int[] baseTops = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
        int[] ownTops = {1, 2, 2, 2, 2, 2, 2, 2, 2, 1};
        int[] tops = {5, 2, 2, 2, 2, 2, 1, 1, 3, 1};
        FineTune fineTune = FineTune.of(score(0), score(0.5), baseTops, ownTops, List.of(score(0.1)), List.of(tops));
        assertEquals(8, fineTune.changed());
        assertEquals(0.625, fineTune.kept().get(0).share());
        assertEquals(Math.sqrt(0.625 * 0.375 / 7), fineTune.kept().get(0).error(), 1e-15);
        assertEquals(0.25, fineTune.kept().get(0).revertedShare());
        assertEquals(Verdict.UNDECIDED, fineTune.kept().get(0).verdict());

        // With 1,000 changes a standard error is 0.95 %, near 90 %.
        assertEquals(Verdict.SURVIVED, verdict(1000, 930));
        assertEquals(Verdict.UNDECIDED, verdict(1000, 910));
        assertEquals(Verdict.UNDECIDED, verdict(1000, 890));
        assertEquals(Verdict.LOST, verdict(1000, 870));
        assertEquals(Verdict.UNDECIDED, verdict(99, 99));
        assertEquals(Verdict.SURVIVED, verdict(100, 100));
    }

    private static Verdict verdict(int changed, int kept) {
        int[] ownTops = new int[changed];
        Arrays.fill(ownTops, 7);
        int[] tops = new int[changed];
        Arrays.fill(tops, 0, kept, 7);
        return FineTune.of(score(0), score(0.5), new int[changed], ownTops, List.of(score(0.1)), List.of(tops))
                .kept().get(0).verdict();
    }

    private static EvaluateResult.Score score(double divergence) {
        EvaluateResult.Half half = new EvaluateResult.Half(10, divergence);
        return new EvaluateResult.Score("model", 10, 1, divergence, 0, 0, 0, 0, 0, half, half);
    }

    private static Path write(String name, Map<String, String> others) throws IOException {
        Map<String, String> options = new HashMap<>(Map.of("hidden", "256", "ffn", "256", "layers", "1", "heads", "4",
                "kv-heads", "2", "vocabulary", "1024", "tokenizer", Fixtures.model("llama-spm").toString()));
        options.putAll(others);
        Path folder = made.resolve(name);
        SyntheticCheckpoint.write(folder, options);
        return folder;
    }

    private static void assertRefused(Path base, String message) {
        CommandRun run = run(tuned, "--base", base.toString());
        assertEquals(2, run.exitCode(), run.err());
        List<String> lines = run.err().lines().filter(line -> line.startsWith("nightshift: ")
                && !line.startsWith("nightshift: warning")).toList();
        assertEquals(1, lines.size(), run.err());
        assertTrue(lines.get(0).contains(base.toString()) && lines.get(0).contains(message), lines.get(0));
    }

    private static JsonNode json(CommandRun run) throws IOException {
        assertEquals(0, run.exitCode(), run.err());
        return new ObjectMapper().readTree(run.out().lines().reduce((a, b) -> b).orElseThrow());
    }

    private static CommandRun run(Path model, String... options) {
        List<String> arguments = new ArrayList<>(List.of("evaluate", "--model", model.toString(), "--data",
                text.toString(), "--json", "--master", "local[2]", "-c", "64"));
        arguments.addAll(List.of(options));
        return CommandRun.of(arguments.toArray(String[]::new));
    }
}
