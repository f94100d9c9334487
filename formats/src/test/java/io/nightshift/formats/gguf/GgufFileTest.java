package io.nightshift.formats.gguf;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.storage.MemoryFolder;
import io.nightshift.kernels.GgmlType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class GgufFileTest {
    private static final GgufHeader HEADER = new GgufHeader(
            new GgufMetadata()
                    .text("general.architecture", "llama")
                    .uint32("llama.block_count", 4_000_000_000L)
                    .float32("llama.rope.freq_base", 1e4f)
                    .bool("tokenizer.ggml.add_bos_token", true)
                    .set("int8", new GgufValue.Int8((byte) -3))
                    .set("uint16", new GgufValue.Uint16(65535))
                    .set("int64", new GgufValue.Int64(-5))
                    .set("float64", new GgufValue.Float64(0.1))
                    .set("tokens", new GgufValue.Texts(List.of("a".getBytes(), new byte[] {(byte) 0xff}, new byte[0])))
                    .set("scores", new GgufValue.Float32s(new float[] {-1, 0.5f}))
                    .set("types", new GgufValue.Int32s(new int[] {1, -6}))
                    .set("flags", new GgufValue.Bools(new boolean[] {true, false}))
                    .set("bytes", new GgufValue.Array(GgufValueType.UINT8, List.of(new GgufValue.Uint8(200)))),
            List.of(
                    new GgufTensor("token_embd.weight", List.of(256L, 3L), GgmlType.Q4_K, 0),
                    new GgufTensor("output_norm.weight", List.of(5L), GgmlType.F32, 448)));

    @Test
    void readsWhatWasWritten() throws IOException {
        byte[] file = file(HEADER.toBytes());
        GgufFile read = read(file);
        assertEquals(HEADER.tensors(), read.header().tensors());
        assertArrayEquals(HEADER.toBytes(), read.header().toBytes());
        assertEquals(HEADER.toBytes().length, read.dataOffset());
    }

    @Test
    void namesTheTensorThatATruncatedFileLacks() {
        byte[] file = file(HEADER.toBytes());
        assertMessage(Arrays.copyOf(file, file.length - 20), "truncated: tensor output_norm.weight");
    }

    @Test
    void refusesAHeaderThatEndsInTheMiddle() {
        byte[] header = HEADER.toBytes();
        for (int length = 24; length < header.length - 64; length += 7) {
            byte[] cut = Arrays.copyOf(header, length);
            assertThrows(InvalidModelException.class, () -> read(cut));
        }
    }

    @Test
    void refusesHostileCountsWithoutTakingMemory() {
        for (int position : new int[] {8, 16, 24}) {
            byte[] file = file(HEADER.toBytes());
            ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).putLong(position, Long.MAX_VALUE);
            assertMessage(file, "claims 9223372036854775807");
        }
    }

    /** 2^62 floats are 2^64 bytes, which is 0 in a long. */
    @Test
    void refusesOtherFiles() {
        assertMessage(new byte[64], "not a GGUF file");
        assertMessage("version https://git-lfs.github.com/spec/v1\n".getBytes(), "not a GGUF file; it is a Git LFS pointer");
    }

    /** 2^62 rows of four bytes are none, if nobody looks. */
    @Test
    void refusesSizesThatOverflow() {
        byte[] file = file(HEADER.toBytes());
        int shape = indexOf(file, "output_norm.weight") + "output_norm.weight".length() + 4;
        ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).putLong(shape, 1L << 62);
        assertMessage(file, "tensor output_norm.weight of shape [4611686018427387904] makes 2^63 bytes or more");
    }

    @Test
    void showsNoNegativeCounts() {
        byte[] file = file(HEADER.toBytes());
        int dimensions = indexOf(file, "output_norm.weight") + "output_norm.weight".length();
        ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).putInt(dimensions, -1);
        assertMessage(file, "tensor output_norm.weight has 4294967295 dimensions; possible are 1 to 4");
        ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).putInt(4, -2);
        assertMessage(file, "GGUF version 4294967294 is not supported");
    }

    @Test
    void refusesNamesOfAnImpossibleLengthAndShowsOthersEscaped() {
        byte[] file = Arrays.copyOf(file(HEADER.toBytes()), 1 << 18);
        ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).putLong(24, 65536);
        assertMessage(file, "a metadata key claims 65536 bytes; at most 65535 are possible");
        byte[] twice = new GgufHeader(new GgufMetadata().bool("\u001b[31mkey", true).bool("\u001b[32mkey", true), List.of())
                .toBytes();
        twice[indexOf(twice, "[32mkey") + 2] = '1';
        assertMessage(twice, "metadata key \\u001b[31mkey stands there twice");
    }

    private static int indexOf(byte[] file, String text) {
        return new String(file, StandardCharsets.ISO_8859_1).indexOf(text);
    }

    private static void assertMessage(byte[] file, String part) {
        InvalidModelException error = assertThrows(InvalidModelException.class, () -> read(file));
        assertTrue(error.getMessage().startsWith("memory/model.gguf: "), error.getMessage());
        assertTrue(error.getMessage().contains(part), error.getMessage());
    }

    private static byte[] file(byte[] header) {
        return Arrays.copyOf(header, header.length + 448 + 20);
    }

    private static GgufFile read(byte[] content) throws IOException {
        MemoryFolder folder = new MemoryFolder("memory", Map.of("model.gguf", content));
        return GgufFile.read(folder, folder.list().get(0));
    }
}
