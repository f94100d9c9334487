package io.nightshift.formats.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.architecture.Architectures;
import io.nightshift.formats.checkpoint.Checkpoint;
import io.nightshift.formats.conversion.GgufConverter;
import io.nightshift.formats.gguf.GgufMetadata;
import io.nightshift.formats.gguf.GgufValue;
import io.nightshift.formats.storage.LocalFolder;
import io.nightshift.formats.storage.ModelFolder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Against what the references give, recorded by {@code src/test/python/token_goldens.py}. */
class TextTokenizersTest {
    private static final Path RESOURCES = Path.of("src/test/resources");

    record Case(String model, String by, Optional<String> tokenizerClass, String text, int[] ids) {
        @Override
        public String toString() {
            return model + " by " + by + tokenizerClass.map(name -> " as " + name).orElse("");
        }
    }

    @TempDir
    Path temporary;

    static Stream<Case> cases() {
        try {
            JsonNode goldens = new ObjectMapper().readTree(RESOURCES.resolve("tokenizer/tokens.json").toFile());
            String text = goldens.get("text").asText();
            return StreamSupport.stream(goldens.get("cases").spliterator(), false).map(golden -> new Case(
                    golden.get("model").asText(),
                    golden.get("by").asText(),
                    Optional.ofNullable(golden.path("class").textValue()),
                    text,
                    StreamSupport.stream(golden.get("ids").spliterator(), false).mapToInt(JsonNode::asInt).toArray()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void givesTheTokensOfTheReference(Case golden) throws IOException {
        boolean beyond = golden.model().startsWith("..");
        Path path = beyond ? Path.of(golden.model()) : RESOURCES.resolve(golden.model());
        assumeTrue(!beyond || Files.isDirectory(path), "skipped: there is no " + path + " beside the project");
        ModelFolder folder = new LocalFolder(
                golden.tokenizerClass().isPresent() ? copy(path, golden.tokenizerClass().get()) : path);
        GgufMetadata metadata = metadata(folder, path);
        boolean llamaCpp = golden.by().equals("llama.cpp");
        try (TextTokenizer tokenizer = llamaCpp
                ? TextTokenizers.ofLlamaCpp(folder, metadata)
                : TextTokenizers.ofModel(folder, metadata)) {
            int[] ids = tokenizer.encode(golden.text());
            if (!llamaCpp) {
                assertPlacesFit(ids, golden.text(), tokenizer.encodePlaced(golden.text()));
            }
            if (llamaCpp) {
                // The reference's begin with a BOS where the model expects one, and end with a whole chunk.
                int[] begun = tokenizer.beginOfText().isPresent() ? new int[] {tokenizer.beginOfText().getAsInt()}
                        : new int[0];
                int[] all = Arrays.copyOf(begun, begun.length + ids.length);
                System.arraycopy(ids, 0, all, begun.length, ids.length);
                assertTrue(all.length - golden.ids().length < 32, all.length + " tokens for " + golden.ids().length);
                ids = Arrays.copyOf(all, golden.ids().length);
            }
            assertArrayEquals(golden.ids(), ids);
        }
    }

    /** Places go on through the text to its end, and a special token's is where it stands. */
    private static void assertPlacesFit(int[] ids, String text, PlacedTokens placed) {
        assertArrayEquals(ids, placed.ids());
        // One tokenizer drops the line end.
        assertTrue(placed.to()[ids.length - 1] >= text.length() - 1, placed.to()[ids.length - 1] + " of " + text.length());
        List<Integer> ends = new ArrayList<>();
        for (int i = 0; i < ids.length; i++) {
            assertTrue(placed.to()[i] >= placed.from()[i] && (i == 0 || placed.from()[i] >= placed.from()[i - 1]),
                    "token " + i);
            if (text.substring(placed.from()[i], placed.to()[i]).equals("</s>")) {
                ends.add(ids[i]);
            }
        }
        assertTrue(ends.isEmpty() || ends.size() == 3 && Set.copyOf(ends).size() == 1, ends.toString());
    }

    /** A folder in which tokenizer_config.json names another class. */
    private Path copy(Path path, String tokenizerClass) throws IOException {
        try (Stream<Path> files = Files.list(path)) {
            for (Path file : (Iterable<Path>) files::iterator) {
                Files.copy(file, temporary.resolve(file.getFileName()));
            }
        }
        Path config = temporary.resolve("tokenizer_config.json");
        ObjectNode content = (ObjectNode) new ObjectMapper().readTree(config.toFile());
        Files.delete(config);
        Files.writeString(config, content.put("tokenizer_class", tokenizerClass).toString());
        return temporary;
    }

    private static GgufMetadata metadata(ModelFolder folder, Path path) throws IOException {
        if (path.startsWith(RESOURCES.resolve("metadata"))) {
            // There are no weights beside these tokenizers.
            return new GgufMetadata().text("tokenizer.ggml.model", "gpt2");
        }
        Checkpoint checkpoint = Checkpoint.open(folder);
        return GgufConverter.convert(checkpoint, Architectures.convert(checkpoint), Optional.of("qwen2").filter(
                pre -> !Files.exists(path.resolve("tokenizer.model"))), warning -> {}).metadata();
    }

    @Test
    void givesNothingForAnEmptyText() throws IOException {
        ModelFolder folder = new LocalFolder(RESOURCES.resolve("fixtures/llama-spm"));
        GgufMetadata metadata = metadata(folder, RESOURCES.resolve("fixtures/llama-spm"));
        assertEquals(0, TextTokenizers.ofModel(folder, metadata).encode("").length);
        assertEquals(0, TextTokenizers.ofLlamaCpp(folder, metadata).encode("").length);
        assertEquals(OptionalInt.of(1), TextTokenizers.ofModel(folder, metadata).beginOfText());
    }

    /** The reference's ids are llama_tokenize's of a file with this tokenizer. */
    @Test
    void spacesOfGemma4AreThoseOfItsNormalizerForLlamaCppToo() throws IOException {
        GgufMetadata metadata = new GgufMetadata().text("tokenizer.ggml.model", "gemma4");
        ModelFolder folder = new LocalFolder(RESOURCES.resolve("recent/gemma4-tokenizer"));
        try (TextTokenizer tokenizer = TextTokenizers.ofLlamaCpp(folder, metadata)) {
            int[] ids = {291, 329, 344, 330, 327, 348, 334, 366, 335, 366, 318, 320, 360, 347, 338, 373, 334, 331, 316, 318,
                320, 334, 273, 19, 19, 291, 344, 327, 349, 345, 342, 344, 204, 197, 329, 204, 184, 318, 204, 191,
                319, 345, 276, 277, 19};
            assertArrayEquals(ids,
                    tokenizer.encode("An old sentence,  two spaces.\n\nA line \u2013 \u00fcn\u00efc\u00f6de 12\n"));
        }
    }

    @Test
    void mergesTheBestScoreFirstAndOfEqualsTheLeftOne() {
        // "bc" scores best; then "abc" cannot come of "ab", which would have been second.
        assertArrayEquals(new int[] {0, 4}, tokens("abc", "a", "b", "c", "ab:-2", "bc:-1"));
        assertArrayEquals(new int[] {2, 0}, tokens("aaa", "a", "b", "aa:-1"));
    }

    @Test
    void cutsOutUserDefinedTokensLongestFirst() {
        assertArrayEquals(new int[] {0, 2, 1}, tokens("a<xx>b", "a", "b", "<xx>!", "<x!"));
    }

    @Test
    void writesBytesWhereThereIsNoToken() {
        assertArrayEquals(new int[] {1, 2, 0}, tokens("\u00e9a", "a", "<0xC3>", "<0xA9>"));
        InvalidModelException error = assertThrows(InvalidModelException.class, () -> tokens("\u00e9", "a"));
        assertTrue(error.getMessage().contains("no token for the byte 0xC3"), error.getMessage());
    }

    /** Tokens of a vocabulary of {@code text}, {@code text:score} or, for user-defined ones, {@code text!}. */
    private static int[] tokens(String text, String... vocabulary) {
        List<String> entries = List.of(vocabulary);
        float[] scores = new float[entries.size()];
        int[] types = new int[entries.size()];
        byte[][] tokens = new byte[entries.size()][];
        for (int i = 0; i < tokens.length; i++) {
            String[] parts = entries.get(i).split(":");
            types[i] = parts[0].endsWith("!") ? TokenType.USER_DEFINED : TokenType.NORMAL;
            scores[i] = parts.length > 1 ? Float.parseFloat(parts[1]) : -100;
            tokens[i] = parts[0].replace("!", "").getBytes(StandardCharsets.UTF_8);
        }
        GgufMetadata metadata = new GgufMetadata()
                .set("tokenizer.ggml.tokens", new GgufValue.Texts(Arrays.asList(tokens)))
                .set("tokenizer.ggml.scores", new GgufValue.Float32s(scores))
                .set("tokenizer.ggml.token_type", new GgufValue.Int32s(types))
                .bool("tokenizer.ggml.add_space_prefix", false);
        return ScoreMergeTokenizer.of(metadata, OptionalInt.empty(), "test").encode(text);
    }
}
