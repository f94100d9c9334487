package io.nightshift.formats.layout;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.nightshift.formats.storage.MemoryFolder;
import io.nightshift.formats.storage.StoredFile;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SourceFilesTest {
    @Test
    void tokenizersOfEveryKindAreCopied() throws IOException {
        MemoryFolder folder = MemoryFolder.of("m", Map.of("tekken.json", "{}", "tokenizer.model", "", "tiktoken.model", "",
                "hy.tiktoken", "", "config.json", "{}", "params.json", "{}", "consolidated.safetensors", "", "a.gguf", ""));
        assertEquals(List.of("hy.tiktoken", "tekken.json", "tiktoken.model", "tokenizer.model"),
                SourceFiles.copied(folder).stream().map(StoredFile::name).toList());
    }
}
