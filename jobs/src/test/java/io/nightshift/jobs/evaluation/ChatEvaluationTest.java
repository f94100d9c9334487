package io.nightshift.jobs.evaluation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.architecture.Architectures;
import io.nightshift.formats.architecture.ModelConversion;
import io.nightshift.formats.checkpoint.Checkpoint;
import io.nightshift.formats.conversion.GgufConverter;
import io.nightshift.formats.forward.ActivationObserver;
import io.nightshift.formats.forward.CarriedStates;
import io.nightshift.formats.forward.DecoderLayer;
import io.nightshift.formats.forward.DecoderModel;
import io.nightshift.formats.forward.FinalNorm;
import io.nightshift.formats.forward.OutputHead;
import io.nightshift.formats.forward.TokenEmbedding;
import io.nightshift.formats.storage.LocalFolder;
import io.nightshift.formats.tokenizer.PlacedTokens;
import io.nightshift.formats.tokenizer.TextTokenizer;
import io.nightshift.formats.tokenizer.TextTokenizers;
import io.nightshift.formats.weights.CheckpointWeights;
import io.nightshift.formats.weights.ModelWeights;
import io.nightshift.jobs.storage.HadoopSettings;
import io.nightshift.jobs.testing.Chats;
import io.nightshift.jobs.testing.SparkCluster;
import io.nightshift.jobs.testing.Texts;
import io.nightshift.jobs.text.TextData;
import io.nightshift.kernels.parallel.Workers;
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
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ChatEvaluationTest {
    @TempDir
    Path folder;

    private static final class Warnings implements EvaluateProgress {
        private final List<String> heard = new ArrayList<>();

        @Override
        public void warning(String message) {
            heard.add(message);
        }
    }

    @Test
    void scoresTheAssistantsTokensAloneAsByHand() throws IOException {
        Path model = Chats.model(folder.resolve("model"), Chats.TEMPLATE);
        Path chats = Texts.write(folder.resolve("chats.jsonl"),
                Chats.record(1, 1) + Chats.record(2, 3) + "\n" + Chats.record(3, 2));
        double[] losses = new double[0];
        for (String record : Files.readAllLines(chats)) {
            if (!record.isEmpty()) {
                losses = joined(losses, lossesByHand(model, record));
            }
        }
        Warnings warnings = new Warnings();
        EvaluateResult result = evaluate(request(model, chats, List.of(model.toString()), model.toString(), 1000), warnings);
        assertEquals(losses.length, result.scoredTokens());
        assertEquals(3, result.chunks());
        assertTrue(result.context() < 1000, "as long as the longest: " + result.context());
        assertEquals(new EvaluateResult.Chats(0, 0, 0), result.chats());
        double perplexity = Math.exp(Arrays.stream(losses).average().orElseThrow());
        assertEquals(perplexity, result.original().perplexity(), 1e-5 * perplexity);
        assertEquals(0, result.quantized().get(0).meanDivergence(), 1e-12);
        assertEquals(FineTune.Verdict.IDENTICAL, result.fineTune().kept().get(0).verdict());
        assertEquals(List.of(), warnings.heard);

        // Where a conversation is cut, what is left is scored as it was; the shorter ones stay as they are.
        EvaluateResult cut = evaluate(request(model, chats, List.of(), null, result.context() - 20), warnings);
        assertTrue(cut.scoredTokens() < result.scoredTokens());
        assertEquals(new EvaluateResult.Chats(0, 1, 0), cut.chats());
        assertEquals(List.of("1 conversations are longer than " + cut.context() + " tokens and are cut (--context)"),
                warnings.heard);
    }

    /** Each conversation runs alone, without padding, and the assistant's part of the text is looked for in it. */
    private static double[] lossesByHand(Path path, String record) throws IOException {
        StringBuilder text = new StringBuilder("<s>");
        List<int[]> spans = new ArrayList<>();
        for (JsonNode message : new ObjectMapper().readTree(record).get("messages")) {
            String role = message.get("role").asText();
            text.append('[').append(role).append("] ");
            int from = text.length();
            text.append(message.get("content").asText()).append("</s>");
            if (role.equals("assistant")) {
                spans.add(new int[] {from, text.length()});
            }
        }
        Checkpoint checkpoint = Checkpoint.open(new LocalFolder(path));
        ModelConversion conversion = Architectures.convert(checkpoint);
        DecoderModel model = DecoderModel.of(checkpoint, conversion);
        PlacedTokens tokens;
        try (TextTokenizer tokenizer = TextTokenizers.ofModel(new LocalFolder(path), GgufConverter.convert(
                checkpoint, conversion, Optional.empty(), warning -> { }).metadata())) {
            tokens = tokenizer.encodePlaced(text.toString());
        }
        float[] logits = logits(model, new CheckpointWeights(model.tensors().recipes(), checkpoint.folder()), tokens.ids());
        return IntStream.range(1, tokens.ids().length)
                .filter(i -> spans.stream().anyMatch(span -> tokens.from()[i] < span[1] && tokens.to()[i] > span[0]))
                .mapToDouble(i -> loss(logits, (i - 1) * model.vocabulary(), model.vocabulary(), tokens.ids()[i]))
                .toArray();
    }

    private static double loss(float[] logits, int at, int vocabulary, int next) {
        double sum = 0;
        for (int i = 0; i < vocabulary; i++) {
            sum += Math.exp(logits[at + i]);
        }
        return Math.log(sum) - logits[at + next];
    }

    private static float[] logits(DecoderModel model, ModelWeights weights, int[] tokens) throws IOException {
        try (Workers workers = new Workers(1)) {
            float[] hidden = TokenEmbedding.embed(model, weights, tokens);
            for (int layer = 0; layer < model.layers(); layer++) {
                DecoderLayer.load(model, weights, layer)
                        .forward(hidden, CarriedStates.none(), new int[] {tokens.length}, ActivationObserver.NONE, workers);
            }
            FinalNorm.load(model, weights).apply(hidden, tokens.length, ActivationObserver.NONE, workers);
            float[] logits = new float[tokens.length * model.vocabulary()];
            OutputHead.load(model, weights).logits(hidden, 0, tokens.length, 0, model.vocabulary(), logits, workers);
            return logits;
        }
    }

    private static double[] joined(double[] first, double[] second) {
        double[] joined = Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, joined, first.length, second.length);
        return joined;
    }

    @Test
    void refusesBaseLogitsFilesAndAModelWithoutATemplate() throws IOException {
        Path model = Chats.model(folder.resolve("model"), Chats.TEMPLATE);
        Path chats = Chats.write(folder.resolve("chats.jsonl"), 2, 1);
        TextData data = new TextData(List.of(chats.toString()), "messages", OptionalLong.empty(), true);
        EvaluateRequest saving = new EvaluateRequest(model.toString(), List.of(), data, OptionalInt.empty(),
                OptionalInt.empty(), Optional.empty(), Optional.empty(),
                Optional.of(new EvaluateRequest.SavedLogits(folder.resolve("base.kld").toString(), false)), Optional.empty());
        assertRefused("--chat and base-logits files exclude each other", () ->
                EvaluateJob.plan(saving, new HadoopSettings(Map.of()), EvaluateProgress.NONE));
        Path bare = Chats.model(folder.resolve("bare"), "");
        Files.delete(bare.resolve("chat_template.jinja"));
        Path config = bare.resolve("tokenizer_config.json");
        Files.writeString(config, Files.readString(config).replace("chat_template", "template"));
        assertRefused("has no chat template", () -> EvaluateJob.plan(request(bare, chats, List.of(), null, 64),
                new HadoopSettings(Map.of()), EvaluateProgress.NONE));
        Path stranger = Texts.write(folder.resolve("stranger.jsonl"), Chats.record(1, 1)
                + "{\"messages\": [" + Chats.message("wizard", "abracadabra") + "]}\n");
        assertRefused("stranger.jsonl, line 2: the chat template says: No wizard here! (line 1 of the template)", () ->
                evaluate(request(model, stranger, List.of(), null, 64), EvaluateProgress.NONE));
    }

    private interface Attempt {
        void run() throws IOException;
    }

    private static void assertRefused(String message, Attempt attempt) {
        InvalidModelException refused = assertThrows(InvalidModelException.class, attempt::run);
        assertTrue(refused.getMessage().contains(message), refused.getMessage());
    }

    private static EvaluateResult evaluate(EvaluateRequest request, EvaluateProgress progress) throws IOException {
        try (JavaSparkContext spark = SparkCluster.local(2, Map.of())) {
            return EvaluateJob.plan(request, new HadoopSettings(Map.of()), progress).run(spark);
        }
    }

    private static EvaluateRequest request(Path model, Path chats, List<String> quantized, String base, int context) {
        return new EvaluateRequest(model.toString(), quantized,
                new TextData(List.of(chats.toString()), "messages", OptionalLong.empty(), true), OptionalInt.of(context),
                OptionalInt.empty(), Optional.empty(), Optional.empty(), Optional.empty(), Optional.ofNullable(base));
    }
}
