package io.nightshift.jobs.testing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SyntheticCheckpointTest {
    private static final Map<String, String> SMALL = Map.of(
            "hidden", "256", "ffn", "512", "layers", "2", "heads", "4", "kv-heads", "2", "vocabulary", "4096",
            "tokenizer", Path.of("..", "samples", "tiny-llama").toString());

    @TempDir
    Path folder;

    private Path write(String name, Map<String, String> others) throws IOException {
        Map<String, String> options = new HashMap<>(SMALL);
        options.putAll(others);
        // The name of the last folder becomes part of the output.
        Path model = folder.resolve(name).resolve("model");
        SyntheticCheckpoint.write(model, options);
        return model;
    }

    private String quantized(Path model) throws IOException {
        CommandRun run = CommandRun.of(
                "quantize", "--model", model.toString(), "--to", "gguf:Q4_K_M", "--output",
                model.getParent().toString(), "--master", "local[1]");
        assertEquals(0, run.exitCode(), run.err());
        return Fixtures.sha256(model.resolveSibling("model-Q4_K_M.gguf"));
    }

    @Test
    void aCheckpointCanBeQuantizedAndItsShardsDoNotMatter() throws IOException {
        Path whole = write("whole", Map.of());
        Path sharded = write("sharded", Map.of("shards", "3"));
        assertTrue(Files.exists(sharded.resolve("model-00003-of-00003.safetensors")));
        assertEquals(quantized(whole), quantized(sharded));
    }

    @Test
    void theSeedDecides() throws IOException {
        byte[] one = Files.readAllBytes(write("one", Map.of()).resolve("model.safetensors"));
        byte[] same = Files.readAllBytes(write("same", Map.of()).resolve("model.safetensors"));
        byte[] other = Files.readAllBytes(write("other", Map.of("seed", "2")).resolve("model.safetensors"));
        assertEquals(Fixtures.sha256(one), Fixtures.sha256(same));
        assertEquals(one.length, other.length);
        assertNotEquals(Fixtures.sha256(one), Fixtures.sha256(other));
    }

    @Test
    void anOptionThatIsNotThereIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> write("model", Map.of("hiden", "256")));
    }
}
