package io.nightshift.formats.tokenizer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.gguf.GgufMetadata;
import io.nightshift.formats.gguf.GgufValue;
import io.nightshift.formats.storage.LocalFolder;
import io.nightshift.formats.storage.MemoryFolder;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Kimi K2's tiktoken.model that cannot be used, or not for all; what the converter writes is in TokenizerCasesTest. */
class KimiMetadataTest {
    private static final String KIMI = "{\"auto_map\": {\"AutoTokenizer\": [\"tokenization_kimi.TikTokenTokenizer\", null]}}";

    private static GgufMetadata metadata(String tiktoken, String settings, OptionalInt rows) throws IOException {
        GgufMetadata metadata = new GgufMetadata();
        TokenizerMetadata.append(MemoryFolder.of("m", Map.of("tiktoken.model", tiktoken, "tokenizer_config.json", settings)),
                VocabularyRule.DEEPSEEK, rows, Optional.empty(), metadata, warning -> {});
        return metadata;
    }

    /** "a", "b", "c", "bc", "abc", "ab": of the last there is a merge, and of "abc" the one that lower ranks leave. */
    @Test
    void aTokenIsMergedOfWhatLowerRanksLeave() throws IOException {
        GgufMetadata metadata = metadata("YQ== 0\nYg== 1\nYw== 2\nYmM= 3\nYWJj 4\nYWI= 5\n",
                KIMI.replace("tokenization_kimi", "moonshotai/Kimi-K2-Base--tokenization_kimi"), OptionalInt.of(262));
        assertEquals(List.of("b c", "a bc", "a b"),
                ((GgufValue.Texts) metadata.get("tokenizer.ggml.merges").orElseThrow()).values().stream()
                        .map(merge -> new String(merge, StandardCharsets.UTF_8)).toList());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            `YQ== 0\\nYg== 2`|line 2 is no new token in Base64 and the number 1, but Yg== 2. Fetch the file again
            `YQ== 0\\nYg==`|line 2 is no new token in Base64 and the number 1, but Yg==
            `Y 0`|line 1 is no new token in Base64 and the number 0, but Y 0
            `YQ== 0\\n\\nYg== 1`|line 2 is no new token in Base64 and the number 1, but . Fetch
            ``|line 1 is no new token
            `YQ== 0`|has 1 tokens, and with 256 special ones the embedding needs 257 rows, not 300 (vocab_size in config.json)
            """)
    void aDamagedFileIsRefusedInOneLine(String content, String said) {
        refused(content.replace("\\n", "\n"), KIMI, said);
    }

    @Test
    void aTokenThatIsThereTwiceIsRefused() {
        refused("YQ== 0\nYQ== 1\n", KIMI, "line 2 is no new token in Base64 and the number 1, but YQ== 1");
    }

    @Test
    void otherClassesAreRefused() {
        refused("YQ== 0\n", "{}",
                "what it means is in Python code (of a class that auto_map in tokenizer_config.json does not name), and");
        refused("YQ== 0\n", KIMI.replace("kimi", "moonshot"), "what it means is in Python code (tokenization_moonshot.TikTok"
                + "enTokenizer), and of such classes tokenization_kimi.TikTokenTokenizer is known; add the model's tokenizer");
    }

    @Test
    void textsAreNotCut() throws IOException {
        LocalFolder folder = new LocalFolder(Path.of("src/test/resources/metadata/kimi-k2"));
        GgufMetadata metadata = new GgufMetadata().text("tokenizer.ggml.model", "gpt2");
        for (InvalidModelException refusal : List.of(
                assertThrows(InvalidModelException.class, () -> TextTokenizers.ofModel(folder, metadata)),
                assertThrows(InvalidModelException.class, () -> TextTokenizers.ofLlamaCpp(folder, metadata)))) {
            assertTrue(refusal.getMessage().endsWith("has no tokenizer for texts: it needs tokenizer.json or tokenizer.model;"
                    + " by tiktoken.model texts are cut in Python code, which is not run here"), refusal.getMessage());
        }
    }

    private static void refused(String content, String settings, String said) {
        String message = assertThrows(InvalidModelException.class, () -> metadata(content, settings, OptionalInt.of(300)))
                .getMessage();
        assertTrue(message.startsWith("memory/tiktoken.model: " + said), message);
        assertEquals(1, message.lines().count());
    }
}
