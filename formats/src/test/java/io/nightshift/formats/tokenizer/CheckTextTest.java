package io.nightshift.formats.tokenizer;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.nightshift.formats.storage.LocalFolder;
import java.nio.file.Path;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The hash by which a tokenizer is recognized, against the converter's (see tokenizer_cases.py). */
class CheckTextTest {
    @ParameterizedTest
    @ValueSource(
            strings = {"llama3", "llama-other-end", "qwen3", "qwen3-named-specials", "qwen3-moe", "gemma3-bpe", "phi4"})
    void hashesTheIdsOfTheConverter(String name) throws Exception {
        Path file = Path.of(getClass().getResource("/metadata/" + name + "/golden.json").toURI());
        LocalFolder folder = new LocalFolder(file.getParent());
        String golden = new ObjectMapper().readTree(folder.read("golden.json")).path("hash").asText();
        TokenizerFiles files = new TokenizerFiles(folder);
        AddedTokens added = new AddedTokens(files);
        try (RustTokenizer tokenizer = new RustTokenizer(added::applied, name)) {
            assertEquals(golden, PreTokenizers.hash(tokenizer));
        }
    }
}
