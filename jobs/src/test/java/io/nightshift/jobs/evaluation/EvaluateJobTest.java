package io.nightshift.jobs.evaluation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.gguf.GgufFile;
import io.nightshift.formats.storage.LocalFolder;
import io.nightshift.formats.types.FileType;
import io.nightshift.jobs.gguf.GgufTarget;
import io.nightshift.jobs.quantize.QuantizeJob;
import io.nightshift.jobs.quantize.QuantizeRequest;
import io.nightshift.jobs.storage.HadoopSettings;
import io.nightshift.jobs.tasks.Progress;
import io.nightshift.jobs.testing.Fixtures;
import io.nightshift.jobs.testing.SparkCluster;
import io.nightshift.jobs.testing.Texts;
import io.nightshift.jobs.text.TextData;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EvaluateJobTest {
    private static final String MODEL = Fixtures.model("llama-spm").toString();

    @TempDir
    Path folder;

    @Test
    void findsNothingLostInTheOriginalAndMoreTheFewerTheBits() throws IOException {
        Path text = Texts.write(folder.resolve("text.txt"), Texts.document(1, 400));
        try (JavaSparkContext spark = SparkCluster.local(2, Map.of())) {
            QuantizeJob.plan(
                            QuantizeRequest.of(
                                    MODEL,
                                    Stream.of(FileType.BF16, FileType.Q8_0, FileType.Q2_K).map(GgufTarget::of).toList(),
                                    folder.toString()),
                            new HadoopSettings(Map.of()),
                            Progress.NONE)
                    .run(spark);
            EvaluateResult result = evaluate(spark, text, OptionalInt.empty(), MODEL, file("BF16"), file("Q8_0"),
                    file("Q2_K"));
            assertEquals(result.chunks() * 31L, result.scoredTokens());
            for (EvaluateResult.Score same : result.quantized().subList(0, 2)) {
                assertEquals(result.original().perplexity(), same.perplexity(), 1e-9);
                assertEquals(0, same.maximalDivergence(), 1e-12);
                assertEquals(1, same.sameTop());
            }
            EvaluateResult.Score q8 = result.quantized().get(2);
            EvaluateResult.Score q2 = result.quantized().get(3);
            assertTrue(q8.meanDivergence() > 0 && q8.meanDivergence() < 0.1 * q2.meanDivergence(), q8 + " " + q2);
            assertTrue(q2.sameTop() < q8.sameTop(), q8 + " " + q2);
            assertTrue(q2.divergence99() <= q2.divergence999() && q2.divergence999() <= q2.maximalDivergence());
            // One pass over the weights for each model: those of the original thrice.
            assertTrue(result.bytesRead() > 0);

            new EvaluationTable(result).writeParquet(folder.resolve("table").toString(), new HadoopSettings(Map.of()));
            assertEquals(5, SparkSession.builder().config(spark.getConf()).getOrCreate()
                    .read().parquet(folder.resolve("table").toString()).count());

            EvaluateResult some = evaluate(spark, text, OptionalInt.of(3), file("Q2_K"));
            assertEquals(3, some.chunks());
        }
    }

    @Test
    void keepsNothingOfARunThatFails() throws IOException {
        Path text = Texts.write(folder.resolve("text.txt"), Texts.document(1, 100));
        try (JavaSparkContext spark = SparkCluster.local(2, Map.of())) {
            QuantizeJob.plan(
                            QuantizeRequest.of(MODEL, List.of(GgufTarget.of(FileType.Q8_0)), folder.toString()),
                            new HadoopSettings(Map.of()),
                            Progress.NONE)
                    .run(spark);
            Path made = Path.of(file("Q8_0"));
            LocalFolder local = new LocalFolder(folder);
            int data = (int) GgufFile.read(local, local.find(made.getFileName().toString()).orElseThrow()).dataOffset();
            byte[] damaged = Files.readAllBytes(made);
            Arrays.fill(damaged, data, damaged.length, (byte) 0xff);
            Files.write(made, damaged);
            assertThrows(IOException.class, () -> evaluate(spark, text, OptionalInt.of(2), made.toString()));
            assertEquals(Map.of(), spark.getPersistentRDDs());

            EvaluateJob planned = EvaluateJob.plan(request(text, OptionalInt.of(2), made.toString()),
                    new HadoopSettings(Map.of()), EvaluateProgress.NONE);
            Files.delete(made);
            assertThrows(InvalidModelException.class, () -> planned.run(spark));
            assertEquals(Map.of(), spark.getPersistentRDDs());
        }
    }

    @Test
    void countsProbabilitiesAsTheDefinitionSays() {
        float[] original = {9, 0, (float) Math.log(3)};
        float[] other = {9, (float) Math.log(3), 0};
        double sum = Prediction.logSum(original, 1, 2, Prediction.top(original, 1, 2));
        assertEquals(Math.log(4), sum, 1e-7);
        assertEquals(1, Prediction.top(original, 1, 2));
        // 1/4 log(1/4 / 3/4) + 3/4 log(3/4 / 1/4)
        assertEquals(0.5 * Math.log(3), Prediction.divergence(original, sum, other, sum, 1, 2), 1e-7);
        assertEquals(2.5, ScoreSummary.percentile(new double[] {1, 2, 3, 4}, 0.5));
    }

    @Test
    void tellsHowFarFiguresCanBeTrusted() {
        EvaluateResult.Score score = ScoreSummary.of("model", List.of(
                new TokenScores(1, new double[] {4, 6}, new double[] {0.3, 0.5}, new int[] {7, 8}, 0),
                new TokenScores(0, new double[] {1, 3, 2}, new double[] {0.1, 0.1, 0.2}, new int[] {1, 2, 3}, 0)), List.of(
                new TokenScores(0, new double[0], new double[0], new int[] {1, 2, 4}, 0),
                new TokenScores(1, new double[0], new double[0], new int[] {7, 7}, 0)));
        // Losses 1 3 2 4 6: their mean is 3.2, that of their squares 13.2.
        assertEquals(Math.exp(3.2), score.perplexity(), 1e-12);
        assertEquals(Math.exp(3.2) * Math.sqrt((13.2 - 3.2 * 3.2) / 4), score.perplexityError(), 1e-12);
        assertEquals(0.24, score.meanDivergence(), 1e-15);
        assertEquals(0.6, score.sameTop());
        assertEquals(Math.sqrt((0.08 - 0.24 * 0.24) / 4), score.meanDivergenceError(), 1e-15);
        assertEquals(new EvaluateResult.Half(Math.exp(2), 0.1), score.firstHalf());
        assertEquals(Math.exp(4), score.secondHalf().perplexity(), 1e-12);
        assertEquals(1 / 3., score.secondHalf().meanDivergence(), 1e-15);
        assertEquals((1 / 3. - 0.1) / 2, score.divergenceNoise(), 1e-15);

        EvaluateResult.Score one = ScoreSummary.of("model", List.of(
                new TokenScores(0, new double[] {1}, new double[] {0.1}, new int[1], 0)));
        assertEquals(one.firstHalf(), one.secondHalf());
        assertEquals(0, one.meanDivergenceError());
    }

    @Test
    void refusesAnotherModelAndAFileThatIsNotThere() throws IOException {
        Path text = Texts.write(folder.resolve("text.txt"), Texts.document(1, 100));
        assertRefused("there is no such file", text, folder.resolve("missing.gguf").toString());
        Path other = Fixtures.imatrix("llama-spm");
        assertRefused(other.getFileName().toString(), text, other.toString());
    }

    private void assertRefused(String message, Path text, String quantized) {
        InvalidModelException error = assertThrows(InvalidModelException.class, () -> EvaluateJob.plan(
                request(text, OptionalInt.empty(), quantized), new HadoopSettings(Map.of()), EvaluateProgress.NONE));
        assertTrue(error.getMessage().contains(message), error.getMessage());
    }

    private String file(String type) {
        return folder.resolve("llama-spm-" + type + ".gguf").toString();
    }

    private static EvaluateResult evaluate(JavaSparkContext spark, Path text, OptionalInt chunks, String... quantized)
            throws IOException {
        return EvaluateJob.plan(
                        request(text, chunks, quantized), new HadoopSettings(Map.of()), EvaluateProgress.NONE)
                .run(spark);
    }

    private static EvaluateRequest request(Path text, OptionalInt chunks, String... quantized) {
        return new EvaluateRequest(
                MODEL,
                List.of(quantized),
                new TextData(List.of(text.toString()), "text", OptionalLong.empty()),
                64,
                chunks,
                Optional.empty());
    }
}
