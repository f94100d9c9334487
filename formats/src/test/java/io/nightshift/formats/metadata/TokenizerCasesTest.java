package io.nightshift.formats.metadata;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.nightshift.formats.gguf.GgufMetadata;
import io.nightshift.formats.modelcard.GeneralMetadata;
import io.nightshift.formats.modelcard.ParameterCounts;
import io.nightshift.formats.storage.LocalFolder;
import io.nightshift.formats.storage.ModelFolder;
import io.nightshift.formats.tokenizer.TokenizerMetadata;
import io.nightshift.formats.tokenizer.VocabularyRule;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Small made-up tokenizers of every kind against what the converter wrote for them (see tokenizer_cases.py). */
class TokenizerCasesTest {
    private static final List<String> WRITTEN_ELSEWHERE =
            List.of("general.architecture", "general.file_type", "general.quantization_version");

    @ParameterizedTest
    @ValueSource(
            strings = {
                "llama-spm-added",
                "mistral-spm-bare",
                "code-llama",
                "llama-hf",
                "mistral-hf",
                "llama3",
                "llama-other-end",
                "granite",
                "qwen3",
                "qwen3-named-specials",
                "qwen3-moe",
                "gemma2",
                "gemma3",
                "phi3",
                "phi4",
                "tekken-v3",
                "tekken-v7",
                "kimi-k2",
                "hunyuan-moe"
            })
    void writesTheKeysOfTheConverter(String name) throws Exception {
        ModelFolder folder = folder(name);
        JsonNode golden = new ObjectMapper().readTree(folder.read("golden.json"));
        GgufMetadata metadata = new GgufMetadata();
        // The converter counts no weights where it writes a vocabulary alone.
        GeneralMetadata.append(folder, new ParameterCounts(0, 0, 0, 0), metadata, warning -> {});
        TokenizerMetadata.append(
                folder,
                RULES.get(golden.path("architecture").asText()),
                OptionalInt.of(golden.path("rows").intValue()),
                Optional.ofNullable(golden.path("preTokenizer").textValue()),
                metadata,
                warning -> {});
        assertEquals(
                String.join("\n", MetadataDigest.of(golden.path("kv"), key -> !WRITTEN_ELSEWHERE.contains(key))),
                String.join("\n", MetadataDigest.of(metadata)));
    }

    private static final Map<String, VocabularyRule> RULES = Map.of(
            "llama", VocabularyRule.LLAMA,
            "mistral3", VocabularyRule.LLAMA,
            "qwen3", VocabularyRule.SENTENCE_PIECE_OR_BYTE_PAIR,
            "qwen3moe", VocabularyRule.BYTE_PAIR,
            "gemma2", VocabularyRule.GEMMA2,
            "gemma3", VocabularyRule.GEMMA3,
            "phi3", VocabularyRule.PHI3,
            "deepseek2", VocabularyRule.DEEPSEEK,
            "hunyuan-moe", VocabularyRule.HUNYUAN_MIXTURE);

    static ModelFolder folder(String name) throws URISyntaxException {
        URL golden = TokenizerCasesTest.class.getResource("/metadata/" + name + "/golden.json");
        return new LocalFolder(Path.of(golden.toURI()).getParent());
    }
}
