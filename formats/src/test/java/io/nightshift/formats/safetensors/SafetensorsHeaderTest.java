package io.nightshift.formats.safetensors;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.storage.RecordingFolder;
import io.nightshift.formats.storage.StoredFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SafetensorsHeaderTest {
    private static List<SafetensorsTensor> read(byte[] file) throws IOException {
        RecordingFolder folder = new RecordingFolder().put("model.safetensors", file);
        return SafetensorsHeader.read(folder, folder.list().get(0));
    }

    private static void assertRefused(byte[] file, String reason) {
        String message = assertThrows(InvalidModelException.class, () -> read(file)).getMessage();
        assertTrue(message.startsWith("mem:model/model.safetensors: "), message);
        assertTrue(message.contains(reason), message);
    }

    /** A header of one or more tensors over eight bytes of data. */
    private static void assertTensorsRefused(String tensors, String reason) {
        assertRefused(SafetensorsBytes.file("{" + tensors.replace('\'', '"') + "}", new byte[8]), reason);
    }

    @Test
    void tensorsComeByNameWithTheirPlaces() throws IOException {
        byte[] file = new SafetensorsBytes()
                .add("b", SafetensorsType.F32, 2, 3)
                .add("a", SafetensorsType.BF16, 4)
                .add("scalar", SafetensorsType.I64)
                .add("none", SafetensorsType.F16, 0, 7)
                .bytes();

        List<SafetensorsTensor> tensors = read(file);

        assertEquals(List.of("a", "b", "none", "scalar"), tensors.stream().map(SafetensorsTensor::name).toList());
        long data = file.length - 24 - 8 - 8;
        assertEquals(new SafetensorsTensor("a", SafetensorsType.BF16, List.of(4L), "model.safetensors", data + 24, 8),
                tensors.get(0));
        assertEquals(data, tensors.get(1).position());
        assertEquals(0, tensors.get(2).length());
        assertEquals(List.of(), tensors.get(3).shape());
    }

    @Test
    void onlyTheHeaderIsRead() throws IOException {
        RecordingFolder folder = new RecordingFolder()
                .put("model.safetensors", new SafetensorsBytes().add("a", SafetensorsType.F32, 1000).bytes());
        StoredFile file = folder.list().get(0);

        SafetensorsHeader.read(folder, file);

        assertEquals(file.length() - 4000, folder.reads().stream().mapToLong(RecordingFolder.Read::length).sum());
    }

    @Test
    void aHeaderMayBePaddedWithSpaces() throws IOException {
        assertEquals(0, read(SafetensorsBytes.file("{}      ", new byte[0])).size());
    }

    @ParameterizedTest
    @CsvSource({"9223372036854775807", "-9223372036854775808", "-1", "100000001", "1", "0"})
    void anImpossibleHeaderLengthIsRefusedWithoutAllocatingIt(long length) {
        byte[] file = ByteBuffer.allocate(64).order(ByteOrder.LITTLE_ENDIAN).putLong(length).array();
        assertRefused(file, "its header claims " + Long.toUnsignedString(length) + " bytes");
    }

    @Test
    void aHeaderLongerThanTheFileIsTruncation() {
        byte[] file = ByteBuffer.allocate(64).order(ByteOrder.LITTLE_ENDIAN).putLong(99_000_000).array();
        assertRefused(file, "truncated: its header alone needs 98999944 bytes more");
    }

    @Test
    void aFileTooShortForALengthIsRefused() {
        assertRefused(new byte[5], "only 5 bytes");
    }

    @Test
    void missingBytesOfTensorsAreCounted() {
        byte[] file = new SafetensorsBytes().add("a", SafetensorsType.F32, 100).bytes();
        assertRefused(Arrays.copyOf(file, file.length - 13), "is truncated: 13 of 400 bytes of tensors are missing");
    }

    @Test
    void bytesBehindTheLastTensorAreRefused() {
        byte[] file = new SafetensorsBytes().add("a", SafetensorsType.F32, 100).bytes();
        assertRefused(Arrays.copyOf(file, file.length + 3), "has 3 bytes behind its last tensor");
    }

    @Test
    void whatIsNotJsonIsRefused() {
        assertRefused(SafetensorsBytes.file("{\"a\":", new byte[0]), "no valid JSON");
        assertRefused(SafetensorsBytes.file("[1, 2]", new byte[0]), "does not start with '{'");
        assertRefused(SafetensorsBytes.file("{}{}", new byte[0]), "behind the header's closing brace");
        assertRefused(SafetensorsBytes.file("{\"a\":" + "[".repeat(5000), new byte[0]), "not described by an object");
        assertRefused(SafetensorsBytes.file("{\"__metadata__\":" + "[".repeat(5000), new byte[0]), "no valid JSON");
    }

    @Test
    void impossibleTensorsAreRefusedByName() {
        assertTensorsRefused("'t':[1]", "tensor t is not described by an object");
        assertTensorsRefused("'t':{'shape':[2],'data_offsets':[0,8]}", "tensor t has no dtype");
        assertTensorsRefused("'t':{'dtype':'F32','data_offsets':[0,8]}", "tensor t has no shape");
        assertTensorsRefused("'t':{'dtype':'F32','shape':[2]}", "tensor t has no data_offsets");
        assertTensorsRefused(
                "'t':{'dtype':'F31','shape':[2],'data_offsets':[0,8]}", "tensor t has the unknown type 'F31'");
        assertTensorsRefused("'t':{'dtype':'F32','shape':[2],'data_offsets':[0,8],'x':1}", "unknown field 'x'");
        assertTensorsRefused("'t':{'dtype':'F32','shape':2,'data_offsets':[0,8]}", "has a shape that is not a list");
        assertTensorsRefused("'t':{'dtype':'F32','shape':[-2],'data_offsets':[0,8]}", "has -2 in its shape");
        assertTensorsRefused("'t':{'dtype':'F32','shape':[2.0],'data_offsets':[0,8]}", "has 2.0 in its shape");
        assertTensorsRefused("'t':{'dtype':'F32','shape':[18446744073709551616],'data_offsets':[0,8]}",
                "has 18446744073709551616 in its shape");
        assertTensorsRefused("'t':{'dtype':'F32','shape':[4294967296,4294967296],'data_offsets':[0,8]}",
                "tensor t has the impossible shape");
        assertTensorsRefused("'t':{'dtype':'F32','shape':[2305843009213693953],'data_offsets':[0,8]}",
                "tensor t has the impossible shape");
        assertTensorsRefused("'t':{'dtype':'F4','shape':[3],'data_offsets':[0,2]}", "no whole number of bytes");
        assertTensorsRefused("'t':{'dtype':'F32','shape':[3],'data_offsets':[0,8]}", "cannot take the 8 bytes");
        assertTensorsRefused("'t':{'dtype':'F32','shape':[2],'data_offsets':[8,0]}", "before it begins");
        assertTensorsRefused("'t':{'dtype':'F32','shape':[2],'data_offsets':[-8,0]}", "has -8 in its data_offsets");
        assertTensorsRefused("'t':{'dtype':'F32','shape':[2],'data_offsets':[0,8]},"
                + "'t':{'dtype':'F32','shape':[2],'data_offsets':[0,8]}", "Duplicate field 't'");
    }

    @Test
    void overlapsHolesAndOffsetsBeyondTheFileAreRefused() {
        assertTensorsRefused("'t':{'dtype':'F32','shape':[1],'data_offsets':[0,4]},"
                + "'u':{'dtype':'F32','shape':[1],'data_offsets':[2,6]}", "tensor u begins at 2, within");
        assertTensorsRefused(
                "'t':{'dtype':'F32','shape':[1],'data_offsets':[4,8]}", "tensor t begins at 4, leaving a hole");
        assertTensorsRefused(
                "'t':{'dtype':'F32','shape':[4],'data_offsets':[0,16]}", "8 of 16 bytes of tensors are missing");
        assertTensorsRefused("'t':{'dtype':'U8','shape':[9223372036854775807],'data_offsets':[0,9223372036854775807]}",
                "impossible shape");
        assertTensorsRefused("'t':{'dtype':'U8','shape':[1000000000000000000],'data_offsets':[0,1000000000000000000]},"
                + "'u':{'dtype':'U8','shape':[0],'data_offsets':[9223372036854775807,9223372036854775807]}",
                "leaving a hole");
    }
}
