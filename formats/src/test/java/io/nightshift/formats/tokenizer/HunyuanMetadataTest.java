package io.nightshift.formats.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.gguf.GgufMetadata;
import io.nightshift.formats.gguf.GgufValue;
import io.nightshift.formats.storage.LocalFolder;
import io.nightshift.formats.storage.MemoryFolder;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Hunyuan's hy.tiktoken: files that cannot be used, and texts; what the converter writes is in TokenizerCasesTest. */
class HunyuanMetadataTest {
    private static final LocalFolder FOLDER = new LocalFolder(Path.of("src/test/resources/metadata/hunyuan-moe"));
    private static final String CLASS = "{\"auto_map\": {\"AutoTokenizer\": [\"tokenization_hy.HYTokenizer\", null]}}";

    private static GgufMetadata metadata(Map<String, String> files, int rows) throws IOException {
        GgufMetadata metadata = new GgufMetadata();
        TokenizerMetadata.append(MemoryFolder.of("m", files), VocabularyRule.HUNYUAN_MIXTURE, OptionalInt.of(rows),
                Optional.empty(), metadata, warning -> {});
        return metadata;
    }

    private static void refused(Map<String, String> files, int rows, String said) {
        String message = assertThrows(InvalidModelException.class, () -> metadata(files, rows)).getMessage();
        assertTrue(message.startsWith("memory/hy.tiktoken" + said), message);
        assertEquals(1, message.lines().count());
    }

    /** So many tokens of three bytes each. */
    private static String tokens(int count) {
        return IntStream.range(0, count)
                .mapToObj(i -> Base64.getEncoder().encodeToString(new byte[] {(byte) i, (byte) (i >> 8), (byte) (i >> 16)})
                        + " " + i + "\n")
                .collect(Collectors.joining());
    }

    @Test
    void anotherFileIsNotTakenInItsPlace() {
        refused(Map.of("tokenizer.json", "{}", "tokenizer_config.json", CLASS), 211,
                " is missing; this architecture's tokenizer is read from it, and from no other file. Fetch the model's own");
    }

    @Test
    void otherClassesAndSizesAreRefused() {
        refused(Map.of("hy.tiktoken", "YQ== 0\n", "tokenizer_config.json", "{}"), 211, ": what it means is in Python code (of"
                + " a class that auto_map in tokenizer_config.json does not name), and of such classes"
                + " tokenization_hy.HYTokenizer is known; fetch the model's own tokenizer_config.json");
        refused(Map.of("hy.tiktoken", "YQ== 0\n", "tokenizer_config.json", CLASS), 212,
                ": has 1 tokens, and with 210 special ones the embedding needs 211 rows, not 212");
    }

    /** The converter writes one number for it, whatever the file has. */
    @Test
    void theTokenThatBeginsTextsHasItsNumber() throws IOException {
        GgufMetadata made = metadata(Map.of("hy.tiktoken", tokens(127957), "tokenizer_config.json", CLASS), 128167);
        assertEquals("<|bos|>", new String(
                ((GgufValue.Texts) made.get("tokenizer.ggml.tokens").orElseThrow()).values().get(127959),
                StandardCharsets.UTF_8));
        assertEquals(new GgufValue.Uint32(127959), made.get("tokenizer.ggml.bos_token_id").orElseThrow());
        refused(Map.of("hy.tiktoken", tokens(127958), "tokenizer_config.json", CLASS), 128168, ": has 127958 tokens, so"
                + " that <|bos|> is number 127960; llama.cpp's converter writes 127959 for it, which is another token then."
                + " Fetch the published file, which has 127957");
    }

    /** Tokens are those of tiktoken (tokenizer_cases.py). */
    @Test
    void textsAreCutAsByItsClass() throws IOException {
        JsonNode texts = new ObjectMapper().readTree(FOLDER.read("texts.json"));
        assertEquals(10, texts.size());
        try (TextTokenizer tokenizer = TextTokenizers.ofModel(FOLDER, new GgufMetadata())) {
            for (JsonNode text : texts) {
                int[] expected = IntStream.range(0, text.get(1).size()).map(i -> text.get(1).get(i).asInt()).toArray();
                int[] made = tokenizer.encode(text.get(0).asText());
                assertArrayEquals(expected, made, text.get(0) + ": " + Arrays.toString(made));
            }
        }
    }

    /** "zzqx" begins with a token of a later rank, so that no merge makes it, and characters are not composed. */
    @Test
    void llamaCppReachesTokensByMergesAlone() throws IOException {
        try (TextTokenizer model = TextTokenizers.ofModel(FOLDER, new GgufMetadata());
                TextTokenizer llamaCpp = TextTokenizers.ofLlamaCpp(FOLDER, new GgufMetadata())) {
            assertEquals(1, model.encode("zzqx").length);
            assertEquals(3, llamaCpp.encode("zzqx").length);
            assertEquals(2, model.encode("e\u0301").length);
            assertEquals(3, llamaCpp.encode("e\u0301").length);
        }
    }
}
