package io.nightshift.jobs.gguf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import io.nightshift.formats.gguf.GgufMetadata;
import io.nightshift.formats.gguf.GgufValue;
import io.nightshift.formats.imatrix.Imatrix;
import io.nightshift.formats.imatrix.ImportanceEntry;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ModelImportanceTest {
    @Test
    void addsTheKeysOfLlamaQuantize() {
        GgufMetadata metadata = new GgufMetadata().text("quantize.imatrix.dataset", "of an earlier life");
        importance("m.gguf", matrix(1, List.of("a.txt", "b.txt"), 7)).addTo(metadata);
        assertEquals(
                List.of("quantize.imatrix.file", "quantize.imatrix.dataset", "quantize.imatrix.entries_count",
                        "quantize.imatrix.chunks_count"),
                List.copyOf(metadata.values().keySet()));
        assertEquals(
                List.of(new GgufValue.Text("m.gguf"), new GgufValue.Text("a.txt"), new GgufValue.Uint32(1),
                        new GgufValue.Uint32(7)),
                List.copyOf(metadata.values().values()));
    }

    @Test
    void leavesOutWhatIsNotKnown() {
        GgufMetadata metadata = importance("m.dat", matrix(1, List.of(), 0)).addTo(new GgufMetadata());
        assertEquals(
                List.of("quantize.imatrix.file", "quantize.imatrix.entries_count"),
                List.copyOf(metadata.values().keySet()));
    }

    @Test
    void cutsLongTextsWithoutCuttingACharacter() {
        String name = "x".repeat(126);
        for (String more : List.of("", "y", "yz", "\u00e9", "\u20ac")) {
            GgufMetadata metadata = importance(name + more, matrix(1, List.of(), 0)).addTo(new GgufMetadata());
            assertEquals(
                    new GgufValue.Text(name + (more.startsWith("y") ? "y" : "")),
                    metadata.get("quantize.imatrix.file").orElseThrow());
        }
    }

    @Test
    void hasADigestOfAllValues() {
        String digest = importance("m.gguf", matrix(1, List.of(), 0)).digest();
        assertEquals(digest, importance("m.gguf", matrix(1, List.of(), 0)).digest());
        assertNotEquals(digest, importance("m.gguf", matrix(2, List.of(), 0)).digest());
    }

    private static ModelImportance importance(String file, Imatrix matrix) {
        return new ModelImportance(List.of(file), matrix, matrix);
    }

    private static Imatrix matrix(float value, List<String> datasets, int chunks) {
        return new Imatrix(
                Map.of("blk.0.attn_q.weight", new ImportanceEntry(new float[] {value, 1}, new long[] {1})),
                datasets, chunks, 512);
    }
}
