package io.nightshift.formats.imatrix;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.gguf.GgufHeader;
import io.nightshift.formats.gguf.GgufMetadata;
import io.nightshift.formats.gguf.GgufTensor;
import io.nightshift.formats.gguf.GgufValue;
import io.nightshift.formats.storage.LocalFolder;
import io.nightshift.formats.storage.MemoryFolder;
import io.nightshift.kernels.GgmlType;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files that are no importance matrices, or claim what they do not hold. */
class HostileImatrixTest {
    private static final GgufTensor SUMS = new GgufTensor("q.in_sum2", List.of(6L), GgmlType.F32, 0);
    private static final GgufTensor COUNTS = new GgufTensor("q.counts", List.of(1L), GgmlType.F32, 32);

    @Test
    void refusesATruncatedFileWhereverItEnds() throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ImportanceEntry entry = new ImportanceEntry(new float[] {1, 2, 3}, new long[] {4});
        ImatrixWriter.write(new Imatrix(Map.of("q", entry), List.of("text"), 1, 512), out);
        byte[] gguf = out.toByteArray();
        // What follows the last value is padding.
        for (int length = 0; length <= gguf.length - 32; length++) {
            assertRefused(Arrays.copyOf(gguf, length), "");
        }
        assertEquals(4, read(gguf).entries().get("q").counts()[0]);

        byte[] legacy = legacy(1, "q", 2, new float[] {1, 2}, 3, "text");
        int withoutTrailer = legacy.length - 12;
        for (int length = 0; length < legacy.length; length++) {
            // The oldest files have no trailer, later ones may have no dataset.
            if (length != withoutTrailer && length != withoutTrailer + 4) {
                assertRefused(Arrays.copyOf(legacy, length), "");
            }
        }
        assertEquals(3, read(legacy).chunkCount());
        assertEquals(0, read(Arrays.copyOf(legacy, withoutTrailer)).chunkCount());
    }

    @Test
    void refusesAnEntryThatNoTextWentInto() throws IOException {
        assertRefused(legacy(1, "q", -1, new float[] {1, 2}, 3, ""), "q was made of -1 chunks of text, a number that");
        assertRefused(legacy(1, "q", 0, new float[] {0, 0}, 3, ""), "q was made of 0 chunks of text and holds nothing but");
        assertEquals(2, read(legacy(1, "q", 0, new float[] {0, 2}, 3, "")).entries().get("q").means()[1]);
    }

    @Test
    void takesNoMemoryForWhatALegacyFileClaims() {
        byte[] legacy = legacy(1, "q", 2, new float[] {1, 2}, 3, "text");
        ByteBuffer bytes = ByteBuffer.wrap(legacy).order(ByteOrder.LITTLE_ENDIAN);
        for (int claimed : new int[] {Integer.MAX_VALUE, -1}) {
            assertRefused(bytes.putInt(0, claimed).array().clone(), "neither GGUF nor the older binary format");
            bytes.putInt(0, 1);
            assertRefused(bytes.putInt(4, claimed).array().clone(), "the name of entry 1 claims "
                    + Integer.toUnsignedString(claimed) + " bytes");
            bytes.putInt(4, 1);
            assertRefused(bytes.putInt(13, claimed).array().clone(), "q claims "
                    + Integer.toUnsignedString(claimed) + " values");
            bytes.putInt(13, 2);
        }
    }

    @Test
    void refusesTheSameNameTwice() {
        byte[] entry = Arrays.copyOfRange(legacy(1, "q", 2, new float[] {1, 2}, 3, ""), 4, 25);
        ByteBuffer bytes = ByteBuffer.allocate(4 + 2 * entry.length).order(ByteOrder.LITTLE_ENDIAN);
        assertRefused(bytes.putInt(2).put(entry).put(entry).array(), "q stands there twice");
    }

    @Test
    void takesTheMeansOfAFileWithoutChunksAsTheyAre() throws IOException {
        assertEquals(7, read(legacy(1, "q", 0, new float[] {7}, 3, "")).entries().get("q").means()[0]);
    }

    @Test
    void refusesOtherGgufFiles() {
        GgufMetadata model = new GgufMetadata().text("general.architecture", "llama");
        assertRefused(gguf(model, List.of()), "no importance matrix: it lacks the metadata key imatrix.datasets");
        GgufMetadata text = metadata().set("imatrix.chunk_size", new GgufValue.Text("512"));
        assertRefused(gguf(text, List.of()), "imatrix.chunk_size");
        assertRefused(gguf(metadata().uint32("imatrix.chunk_count", 1L << 31), List.of()), "imatrix.chunk_count");
        assertRefused(gguf(metadata(), List.of()), "the importance matrix has no entries");
    }

    @Test
    void refusesEntriesThatDoNotFit() {
        assertRefused(gguf(metadata(), List.of(SUMS)), "q has only one of .in_sum2 and .counts");
        GgufTensor half = new GgufTensor("q.counts", List.of(1L), GgmlType.F16, 32);
        assertRefused(gguf(metadata(), List.of(SUMS, half)), "q.counts is F16");
        GgufTensor four = new GgufTensor("q.counts", List.of(1L, 4L), GgmlType.F32, 32);
        assertRefused(gguf(metadata(), List.of(SUMS, four)), "q: 6 sums of squares do not belong to 4 counts");
        GgufTensor huge = new GgufTensor("q.counts", List.of(1L << 40), GgmlType.F32, 32);
        assertRefused(gguf(metadata(), List.of(SUMS, huge)), "truncated: tensor q.counts");
    }

    /** llama.cpp loads the file whole, and misses the padding. */
    @Test
    void refusesAFileWithoutItsLastPadding(@TempDir Path folder) throws IOException {
        byte[] whole = Files.readAllBytes(Path.of("src/test/resources/fixtures/llama-spm.imatrix.gguf"));
        Files.write(folder.resolve("m.gguf"), Arrays.copyOf(whole, whole.length - 1));
        LocalFolder in = new LocalFolder(folder);
        InvalidModelException refused = assertThrows(InvalidModelException.class,
                () -> ImatrixReader.read(in, in.find("m.gguf").orElseThrow()));
        assertTrue(refused.getMessage().contains("m.gguf: truncated: it should have 74240 bytes and has 74239"),
                refused.getMessage());
    }

    @Test
    void refusesCountsThatAreNoCounts() {
        for (float count : new float[] {Float.NaN, -1, Float.POSITIVE_INFINITY, 1e30f}) {
            byte[] file = gguf(metadata(), List.of(SUMS, COUNTS));
            ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).putFloat(file.length - 32, count);
            assertRefused(file, "q: a count of tokens is " + count);
        }
    }

    private static void assertRefused(byte[] file, String part) {
        InvalidModelException error = assertThrows(InvalidModelException.class, () -> read(file));
        assertTrue(error.getMessage().startsWith("memory/imatrix: "), error.getMessage());
        assertTrue(error.getMessage().contains(part), error.getMessage());
    }

    private static Imatrix read(byte[] content) throws IOException {
        MemoryFolder folder = new MemoryFolder("memory", Map.of("imatrix", content));
        return ImatrixReader.read(folder, folder.list().get(0));
    }

    private static GgufMetadata metadata() {
        return new GgufMetadata()
                .set("imatrix.datasets", new GgufValue.Texts(List.of()))
                .uint32("imatrix.chunk_count", 1)
                .uint32("imatrix.chunk_size", 512);
    }

    /** A header and 64 bytes of data, all zeros. */
    private static byte[] gguf(GgufMetadata metadata, List<GgufTensor> tensors) {
        byte[] header = new GgufHeader(metadata, tensors).toBytes();
        return Arrays.copyOf(header, header.length + 64);
    }

    private static byte[] legacy(int entries, String name, int chunks, float[] values, int allChunks, String dataset) {
        ByteBuffer bytes = ByteBuffer.allocate(24 + name.length() + values.length * 4 + dataset.length())
                .order(ByteOrder.LITTLE_ENDIAN);
        bytes.putInt(entries).putInt(name.length()).put(name.getBytes()).putInt(chunks).putInt(values.length);
        for (float value : values) {
            bytes.putFloat(value);
        }
        return bytes.putInt(allChunks).putInt(dataset.length()).put(dataset.getBytes()).array();
    }
}
