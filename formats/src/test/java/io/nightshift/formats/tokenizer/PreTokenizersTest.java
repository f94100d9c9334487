package io.nightshift.formats.tokenizer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.gguf.GgufMetadata;
import io.nightshift.formats.gguf.GgufValue;
import io.nightshift.formats.storage.MemoryFolder;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What becomes of a tokenizer that llama.cpp does not know by its ids. */
class PreTokenizersTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String CONTRACTIONS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
    private static final String REST = "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

    private final List<String> warnings = new ArrayList<>();

    @ParameterizedTest
    @CsvSource({"'{1,3}',false,dbrx", "'{1,3}',true,llama-bpe", "'',false,qwen2"})
    void takesAnUnknownTokenizerByItsRuleWithAWarning(String digits, boolean wholeWords, String name)
            throws IOException {
        ObjectNode tokenizer = tokenizer();
        String regex = CONTRACTIONS + "|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}" + digits + REST;
        ObjectNode sequence = tokenizer.putObject("pre_tokenizer").put("type", "Sequence");
        ObjectNode split = sequence.putArray("pretokenizers").addObject();
        split.put("type", "Split").put("behavior", "Isolated").put("invert", false);
        split.putObject("pattern").put("Regex", regex);
        ObjectNode bytes = sequence.withArray("pretokenizers").addObject();
        bytes.put("type", "ByteLevel").put("add_prefix_space", false).put("trim_offsets", true).put("use_regex", false);
        ((ObjectNode) tokenizer.path("model")).put("ignore_merges", wholeWords);

        assertEquals(name, preTokenizer(tokenizer, Optional.empty()));
        assertEquals(1, warnings.size(), warnings.toString());
        assertTrue(warnings.get(0).contains(name) && warnings.get(0).contains("--pre-tokenizer"), warnings.get(0));
    }

    @Test
    void takesGpt2sRuleWhereBytesAreCutByTheirOwn() throws IOException {
        ObjectNode tokenizer = tokenizer();
        tokenizer.putObject("pre_tokenizer").put("type", "ByteLevel").put("add_prefix_space", false)
                .put("trim_offsets", true).put("use_regex", true);
        assertEquals("gpt-2", preTokenizer(tokenizer, Optional.empty()));
    }

    @Test
    void refusesAnUnknownRuleAndSaysHowToGiveItsName() {
        ObjectNode tokenizer = tokenizer();
        tokenizer.putObject("pre_tokenizer").put("type", "Whitespace");
        InvalidModelException refusal =
                assertThrows(InvalidModelException.class, () -> preTokenizer(tokenizer, Optional.empty()));
        assertTrue(refusal.getMessage().startsWith("memory/tokenizer.json: "), refusal.getMessage());
        assertTrue(refusal.getMessage().contains("--pre-tokenizer NAME"), refusal.getMessage());
    }

    @Test
    void takesTheNameThatTheUserGives() throws IOException {
        ObjectNode tokenizer = tokenizer();
        tokenizer.putObject("pre_tokenizer").put("type", "Whitespace");
        assertEquals("tekken", preTokenizer(tokenizer, Optional.of("tekken")));
        assertEquals(List.of(), warnings);
    }

    @Test
    void refusesANameThatLlamaCppDoesNotHave() {
        InvalidModelException refusal =
                assertThrows(InvalidModelException.class, () -> preTokenizer(tokenizer(), Optional.of("qwen9")));
        assertTrue(refusal.getMessage().contains("qwen9"), refusal.getMessage());
        assertTrue(refusal.getMessage().contains("qwen2"), refusal.getMessage());
    }

    private String preTokenizer(ObjectNode tokenizer, Optional<String> given) throws IOException {
        MemoryFolder folder = MemoryFolder.of("m", Map.of("tokenizer.json", tokenizer.toString(), "config.json", "{}"));
        GgufMetadata metadata = new GgufMetadata();
        TokenizerMetadata.append(folder, VocabularyRule.LLAMA, OptionalInt.empty(), given, metadata, warnings::add);
        return ((GgufValue.Text) metadata.get("tokenizer.ggml.pre").orElseThrow()).value();
    }

    private static ObjectNode tokenizer() {
        ObjectNode tokenizer = JSON.createObjectNode().put("version", "1.0");
        tokenizer.putArray("added_tokens");
        ObjectNode model = tokenizer.putObject("model").put("type", "BPE");
        ObjectNode vocabulary = model.putObject("vocab");
        for (char c = '!'; c <= '~'; c++) {
            vocabulary.put(String.valueOf(c), vocabulary.size());
        }
        vocabulary.put("ab", vocabulary.size());
        model.putArray("merges").add("a b");
        return tokenizer;
    }
}
