package io.nightshift.formats.imatrix;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.storage.LocalFolder;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Importance matrices against files that llama-imatrix wrote. */
class ImatrixTest {
    private static final Path FOLDER = Path.of("src/test/resources/imatrix");
    private static final String EXPERTS = "blk.0.ffn_up_exps.weight";

    @ParameterizedTest
    @ValueSource(strings = {
        "fixtures/llama-spm.imatrix.gguf", "fixtures/mixtral-moe.imatrix.gguf", "imatrix/one+two.gguf"
    })
    void writesWhatItReadByteForByte(String name) throws IOException {
        Path file = FOLDER.resolveSibling(name);
        assertArrayEquals(Files.readAllBytes(file), written(read(file)));
    }

    @ParameterizedTest
    @CsvSource({
        "one.gguf two.gguf, one+two.gguf",
        "two.gguf one.gguf two.gguf, two+one+two.gguf",
        "one.dat two.gguf, one.dat+two.gguf",
        "two.gguf one.dat, two+one.dat.gguf",
        "one.dat two.dat, one.dat+two.dat.gguf",
    })
    void combinesFilesAsLlamaImatrixDoes(String files, String golden) throws IOException {
        List<Imatrix> matrices = new ArrayList<>();
        for (String file : files.split(" ")) {
            matrices.add(read(FOLDER.resolve(file)));
        }
        assertArrayEquals(Files.readAllBytes(FOLDER.resolve(golden)), written(Imatrix.combine(matrices)));
    }

    @Test
    void readsBothFormatsAlike() throws IOException {
        Imatrix gguf = read(FOLDER.resolve("one.gguf"));
        Imatrix legacy = read(FOLDER.resolve("one.dat"));
        assertEquals(gguf.entries().keySet(), legacy.entries().keySet());
        assertEquals(List.of("one.txt"), legacy.datasets());
        assertEquals(List.of("one.txt"), gguf.datasets());
        for (String name : gguf.entries().keySet()) {
            float[] expected = gguf.entries().get(name).means();
            float[] means = legacy.entries().get(name).means();
            for (int i = 0; i < expected.length; i++) {
                // The older format multiplies by a number of chunks, and so rounds once more.
                assertEquals(expected[i], means[i], Math.ulp(expected[i]), name);
            }
        }
    }

    @Test
    void givesOnesToExpertsThatSawNoTokens() throws IOException {
        ImportanceEntry entry = read(FOLDER.resolve("two.gguf")).entries().get(EXPERTS);
        assertArrayEquals(new long[] {1, 2999, 0}, entry.counts());
        assertEquals(List.of(2), entry.unseen());
        float[] means = entry.means();
        assertEquals(entry.sums()[0], means[0]);
        assertEquals(entry.sums()[6] / 2999f, means[6]);
        assertArrayEquals(new float[] {1, 1, 1, 1, 1, 1}, java.util.Arrays.copyOfRange(means, 12, 18));
    }

    @Test
    void keepsChosenEntries() throws IOException {
        Imatrix matrix = read(FOLDER.resolve("one.gguf"));
        Imatrix chosen = matrix.only(name -> name.contains("exps"));
        assertEquals(List.of(EXPERTS), List.copyOf(chosen.entries().keySet()));
        assertEquals(matrix.chunkCount(), chosen.chunkCount());
        assertEquals(2, matrix.entries().size());
    }

    @Test
    void refusesToCombineMatricesOfDifferentModels() {
        Imatrix one = matrix(new ImportanceEntry(new float[6], new long[] {1, 1, 1}));
        for (ImportanceEntry other : List.of(
                new ImportanceEntry(new float[4], new long[] {1}),
                new ImportanceEntry(new float[6], new long[] {1, 1}))) {
            InvalidModelException error = assertThrows(
                    InvalidModelException.class, () -> Imatrix.combine(List.of(one, matrix(other))));
            assertTrue(error.getMessage().startsWith(EXPERTS + ": "), error.getMessage());
        }
    }

    @ParameterizedTest
    @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, -1})
    void refusesValuesThatAreNoMeansOfSquares(float value) {
        ImportanceEntry entry = new ImportanceEntry(new float[] {1, value}, new long[] {1});
        InvalidModelException error = assertThrows(InvalidModelException.class, entry::means);
        assertTrue(error.getMessage().startsWith("value 1 is " + value), error.getMessage());
    }

    private static Imatrix matrix(ImportanceEntry entry) {
        return new Imatrix(Map.of(EXPERTS, entry), List.of(), 1, 512);
    }

    private static Imatrix read(Path file) throws IOException {
        LocalFolder folder = new LocalFolder(file.getParent());
        return ImatrixReader.read(folder, folder.find(file.getFileName().toString()).orElseThrow());
    }

    private static byte[] written(Imatrix matrix) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ImatrixWriter.write(matrix, out);
        return out.toByteArray();
    }
}
