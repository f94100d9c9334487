package io.nightshift.formats.awq;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.checkpoint.Checkpoint;
import io.nightshift.formats.layout.PackedRows;
import io.nightshift.formats.safetensors.SafetensorsTensor;
import io.nightshift.formats.storage.LocalFolder;
import io.nightshift.formats.storage.MemoryFolder;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class AwqFolderTest {
    private static final Path FAMILIES = Path.of("src/test/resources/families");

    @ParameterizedTest
    @CsvSource({"GEMM,32", "GEMM,64", "GEMM,128", "GEMM,-1", "COMPRESSED_TENSORS,32", "COMPRESSED_TENSORS,64",
        "COMPRESSED_TENSORS,128", "COMPRESSED_TENSORS,-1"})
    void integersComeBackAsTheyWere(AwqFormat format, int groupSize) throws IOException {
        for (boolean symmetric : new boolean[] {false, true}) {
            // Hidden size 256, feed-forward 512: every group size fits.
            WrittenFolder written = WrittenFolder.of(
                    Checkpoint.open(new LocalFolder(Path.of("src/test/resources/fixtures/llama-spm"))),
                    new AwqOptions(format, groupSize, symmetric, List.of()), 1 << 20);
            AwqFolder folder = AwqFolder.open(written.folder());
            assertEquals(format, folder.format());
            folder.requirePlanned(written.plan());
            assertEquals(written.integers().size(), folder.linears().size());
            LinearReader reader = new LinearReader(folder.folder());
            for (AwqLinear linear : folder.linears()) {
                QuantizedRows expected = written.integers().get(linear.module());
                assertEquals(expected.groupSize(), linear.groupSize());
                assertSame(expected, reader.read(linear, 0, linear.outputs()));
                assertSame(WrittenFolder.slice(expected, 13, 30), reader.read(linear, 13, 30));
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"GEMM", "COMPRESSED_TENSORS"})
    void whatIsNotQuantizedIsCopiedByteForByte(AwqFormat format) throws IOException {
        Checkpoint checkpoint = family("llama-bias-sharded");
        WrittenFolder written =
                WrittenFolder.of(checkpoint, new AwqOptions(format, 32, false, List.of("layers.1")), 30_000);
        Map<String, SafetensorsTensor> tensors = AwqFolder.open(written.folder()).tensors();
        int copied = 0;
        for (SafetensorsTensor source : checkpoint.tensors()) {
            SafetensorsTensor target = tensors.get(source.name());
            if (target != null) {
                byte[] expected = new byte[(int) source.length()];
                checkpoint.folder().readFully(source.file(), source.position(), expected, 0, expected.length);
                byte[] actual = new byte[(int) target.length()];
                written.folder().readFully(target.file(), target.position(), actual, 0, actual.length);
                assertArrayEquals(expected, actual, source.name());
                copied++;
            }
        }
        assertEquals(checkpoint.tensors().size() - written.integers().size(), copied);
    }

    @Test
    void rowsCostTheirOwnBytesInCompressedTensors() throws IOException {
        AwqFolder folder = AwqFolder.open(WrittenFolder.of(family("llama-3.1"),
                new AwqOptions(AwqFormat.COMPRESSED_TENSORS, 32, true, List.of()), 1 << 20).folder());
        AwqLinear linear = folder.find("model.layers.0.mlp.down_proj").orElseThrow();
        LinearReader reader = new LinearReader(folder.folder());
        reader.read(linear, 8, 16);
        assertEquals(8 * (256 / 2 + 256 / 32 * 2), reader.bytesRead());
    }

    @Test
    void aFolderOfAnotherPlanIsNotTheOneThatWasPlanned() throws IOException {
        AwqFolder folder = AwqFolder.open(written(AwqFormat.GEMM).folder());
        AwqPlan other = WrittenFolder.plan(
                family("llama-3.1"), new AwqOptions(AwqFormat.GEMM, 64, false, List.of()), 1 << 30);
        assertThrows(InvalidModelException.class, () -> folder.requirePlanned(other));
    }

    @Test
    void signedIntegersLieAroundEight() {
        QuantizedRows rows = QuantizedRows.symmetric(1, 4, 2, new byte[] {-8, -1, 0, 7}, new float[] {1, 2});
        assertArrayEquals(new byte[] {0, 7, 8, 15}, rows.values());
        float[] weights = new float[4];
        LinearReader.dequantizeRow(rows, 0, weights, 0);
        assertArrayEquals(new float[] {-8, -1, 0, 14}, weights);
    }

    @Test
    void foldersOfOtherKindsAreRefused() throws IOException {
        assertTrue(refusal(Map.of()).contains("written last"));
        assertTrue(refusal(Map.of("config.json", "{}")).contains("quant_method"));
        assertTrue(refusal(Map.of("config.json", "{\"quantization_config\":{\"quant_method\":\"gptq\"}}"))
                .contains("awq or compressed-tensors"));
        WrittenFolder written = written(AwqFormat.GEMM);
        assertTrue(refusal(changed(written, "\"gemm\"", "\"gemv\"")).contains("gemv"));
        assertTrue(refusal(changed(written(AwqFormat.COMPRESSED_TENSORS), "\"num_bits\" : 4", "\"num_bits\" : 8"))
                .contains("8 bits"));
    }

    @ParameterizedTest
    @EnumSource
    void groupsOfAnotherSizeThanDeclaredAreRefused(AwqFormat format) throws IOException {
        String declared = "\"group_size\" : 32";
        assertTrue(refusal(changed(written(format), declared, "\"group_size\" : 0"))
                .contains("config.json: \"group_size\" is 0, but must be 1 or more, or -1 for whole rows"));
        String other = refusal(changed(written(format), declared, "\"group_size\" : 64"));
        assertTrue(other.contains("\"group_size\" is 64, but model.layers.0.")
                && other.contains("has scales for groups of 32 inputs"), other);
        assertTrue(refusal(changed(written(format), declared, "\"group_size\" : -1")).contains("is -1, but"));
    }

    @Test
    void damagedScalesAreFoundWhenRead() throws IOException {
        WrittenFolder written = written(AwqFormat.COMPRESSED_TENSORS);
        AwqFolder folder = AwqFolder.open(written.folder());
        AwqLinear linear = folder.linears().get(0);
        SafetensorsTensor scales = linear.tensors().get(AwqTensor.WEIGHT_SCALE);
        byte[] file = written.folder().files().get(scales.file());
        file[(int) scales.position() + 4] = (byte) 0xc0;
        file[(int) scales.position() + 5] = 0x7f;
        String message = assertThrows(InvalidModelException.class,
                () -> new LinearReader(written.folder()).read(linear, 0, 8)).getMessage();
        assertTrue(message.contains(scales.name()) && message.contains("scale 2 is NaN"), message);
    }

    @Test
    void aMissingTensorIsNamed() throws IOException {
        WrittenFolder written = written(AwqFormat.GEMM);
        byte[] file = written.folder().files().get("model.safetensors");
        String text = new String(file, StandardCharsets.ISO_8859_1);
        String name = "model.layers.0.self_attn.k_proj.qzeros";
        written.folder().files().put("model.safetensors",
                text.replace(name, name.replace("qzeros", "qzerox")).getBytes(StandardCharsets.ISO_8859_1));
        assertTrue(assertThrows(InvalidModelException.class, () -> AwqFolder.open(written.folder())).getMessage()
                .contains(name + " is missing"));
    }

    @Test
    void rowsThatDoNotFitTheLayerAreRefusedByThePacker() throws IOException {
        WrittenFolder written = written(AwqFormat.COMPRESSED_TENSORS);
        PackedLinear unit = written.plan().units().get(0);
        QuantizedRows rows = written.integers().get(unit.linear().module());
        LinearPacker packer = new LinearPacker(unit);
        PackedRows first = packer.pack(0, WrittenFolder.slice(rows, 0, 8));
        assertThrows(IllegalArgumentException.class, () -> packer.assemble(List.of(first)));
        assertThrows(IllegalArgumentException.class, () -> packer.assemble(List.of(first, packer.pack(0, rows))));
        assertThrows(IllegalArgumentException.class, () -> packer.pack(4, WrittenFolder.slice(rows, 0, 8)));
        rows.scales()[3] = 0.1f; // is no bfloat16
        assertThrows(IllegalArgumentException.class, () -> packer.pack(0, rows));
        rows.scales()[3] = Float.NaN;
        assertTrue(assertThrows(InvalidModelException.class, () -> packer.pack(0, rows)).getMessage()
                .contains(unit.linear().weight()));
    }

    private static WrittenFolder written(AwqFormat format) throws IOException {
        return WrittenFolder.of(family("llama-3.1"), new AwqOptions(format, 32, false, List.of()), 1 << 30);
    }

    private static Map<String, String> changed(WrittenFolder written, String from, String to) {
        String config = new String(written.folder().files().get("config.json"), StandardCharsets.UTF_8);
        String result = config.replace(from, to).replace(from.replace(" :", ":"), to);
        assertTrue(!result.equals(config), config);
        Map<String, String> texts = new TreeMap<>();
        texts.put("config.json", result);
        texts.put("model.safetensors", new String(
                written.folder().files().get("model.safetensors"), StandardCharsets.ISO_8859_1));
        return texts;
    }

    private static String refusal(Map<String, String> texts) {
        Map<String, byte[]> files = new TreeMap<>();
        texts.forEach((name, text) -> files.put(name, text.getBytes(StandardCharsets.ISO_8859_1)));
        return assertThrows(InvalidModelException.class, () -> AwqFolder.open(new MemoryFolder("other", files)))
                .getMessage();
    }

    private static Checkpoint family(String name) throws IOException {
        return Checkpoint.open(new LocalFolder(FAMILIES.resolve(name)));
    }

    private static void assertSame(QuantizedRows expected, QuantizedRows actual) {
        assertEquals(expected.rows(), actual.rows());
        assertArrayEquals(expected.values(), actual.values());
        assertArrayEquals(expected.zeros(), actual.zeros());
        assertArrayEquals(expected.scales(), actual.scales());
    }
}
