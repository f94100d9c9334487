package io.nightshift.kernels.dequantize;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.fail;

import io.nightshift.kernels.BlockInputs;
import io.nightshift.kernels.BlockValidator;
import io.nightshift.kernels.GgmlType;
import io.nightshift.kernels.Golden;
import io.nightshift.kernels.QuantizedInputs;
import io.nightshift.kernels.reference.ScalarDequantizer;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.Properties;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Every dequantizer against ggml's own results and against the scalar reference. */
class DequantizerTest {
    private static final float UNTOUCHED = -77.5f;
    private static final int COMPILED_WEIGHTS = 1 << 22;

    static Set<GgmlType> types() {
        return ScalarDequantizer.types();
    }

    @ParameterizedTest
    @MethodSource("types")
    void readsBlocksOfGgmlAsGgmlDoes(GgmlType type) throws IOException {
        if (type == GgmlType.F32) {
            return;
        }
        Properties digests = new Properties();
        digests.load(new ByteArrayInputStream(resource("/golden/blocks.properties")));
        byte[] blocks = resource("/golden/" + type + ".blocks");
        float[] weights = new float[blocks.length / type.blockBytes() * type.blockSize()];
        Dequantizers.of(type).dequantize(blocks, 0, weights, 0, weights.length);
        assertEquals(digests.getProperty(type.toString()), Golden.sha256(bytes(weights)));
    }

    static List<Arguments> quantizable() {
        return QuantizedInputs.cases().stream().filter(arguments -> arguments.get()[0] != GgmlType.F32).toList();
    }

    @ParameterizedTest(name = "{0} of {1}, importance {2}", allowZeroInvocations = true)
    @MethodSource("quantizable")
    void givesTheWeightsThatGgmlGivesForItsOwnBlocks(GgmlType type, BlockInputs kind, boolean importance) {
        float[] rows = new float[BlockInputs.ROWS * BlockInputs.COLUMNS];
        byte[] blocks = QuantizedInputs.blocks(type, kind, importance);
        Dequantizers.of(type).dequantize(blocks, 0, rows, 0, rows.length);
        assertEquals(new Golden(type).dequantized(kind, importance), Golden.sha256(bytes(rows)));
    }

    @ParameterizedTest
    @MethodSource("types")
    void agreesWithTheScalarReferenceOnRandomBytes(GgmlType type) {
        SplittableRandom random = new SplittableRandom(type.id());
        for (int blockCount : new int[] {0, 1, 2, 3, 7, 16, 33, 300}) {
            assertAgrees(type, blockCount, random);
        }
    }

    /**
     * Interpreted code says nothing about compiled code: enough blocks that the just-in-time compiler's best is
     * checked.
     */
    @ParameterizedTest
    @MethodSource("types")
    void agreesWithTheScalarReferenceOnceCompiled(GgmlType type) {
        SplittableRandom random = new SplittableRandom(1000 + type.id());
        for (int weights = 0; weights < COMPILED_WEIGHTS; weights += 300 * type.blockSize()) {
            assertAgrees(type, 300, random);
        }
    }

    private static void assertAgrees(GgmlType type, int blockCount, SplittableRandom random) {
        byte[] blocks = new byte[blockCount * type.blockBytes() + 5];
        random.nextBytes(blocks);
        makeValid(type, blocks, 3, blockCount, random);
        float[] expected = new float[blockCount * type.blockSize() + 7];
        float[] actual = expected.clone();
        Arrays.fill(expected, UNTOUCHED);
        Arrays.fill(actual, UNTOUCHED);
        int count = blockCount * type.blockSize();
        new ScalarDequantizer(type).dequantize(blocks, 3, expected, 4, count);
        Dequantizers.of(type).dequantize(blocks, 3, actual, 4, count);
        // Compares bits: minus zero is not zero.
        int different = Arrays.mismatch(expected, actual);
        if (different >= 0) {
            fail(type + ": weight " + (different - 4) + " of " + count + " is " + actual[different] + ", not "
                    + expected[different]);
        }
    }

    @ParameterizedTest
    @EnumSource(value = GgmlType.class, names = {"F16", "BF16"})
    void readsEveryNumberOfSixteenBits(GgmlType type) {
        byte[] blocks = new byte[2 * 65536];
        ByteBuffer buffer = ByteBuffer.wrap(blocks).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < 65536; i++) {
            buffer.putShort((short) i);
        }
        float[] expected = new float[65536];
        float[] actual = new float[65536];
        new ScalarDequantizer(type).dequantize(blocks, 0, expected, 0, 65536);
        Dequantizers.of(type).dequantize(blocks, 0, actual, 0, 65536);
        for (int i = 0; i < 65536; i++) {
            // Not the raw bits, for there are many NaNs.
            assertEquals(Float.floatToIntBits(expected[i]), Float.floatToIntBits(actual[i]), Integer.toHexString(i));
        }
    }

    @ParameterizedTest
    @MethodSource("types")
    void refusesACountThatIsNotWholeBlocks(GgmlType type) {
        if (type.blockSize() > 1) {
            int count = type.blockSize() + 1;
            assertThrows(IllegalArgumentException.class, () -> Dequantizers.of(type)
                    .dequantize(new byte[4096], 0, new float[4096], 0, count));
        }
    }

    @ParameterizedTest
    @MethodSource("types")
    void refusesArraysThatAreTooShort(GgmlType type) {
        int count = 4 * type.blockSize();
        byte[] blocks = new byte[4 * type.blockBytes()];
        RowDequantizer dequantizer = Dequantizers.of(type);
        float[] weights = new float[count];
        assertThrows(IndexOutOfBoundsException.class, () -> dequantizer.dequantize(blocks, 1, weights, 0, count));
        assertThrows(RuntimeException.class, () -> dequantizer.dequantize(blocks, 0, weights, 1, count));
    }

    @ParameterizedTest
    @EnumSource(value = GgmlType.class, names = {"I8", "I16", "I32", "I64", "F64"})
    void refusesTypesWithoutWeights(GgmlType type) {
        assertThrows(IllegalArgumentException.class, () -> Dequantizers.of(type));
    }

    /** New bytes for the blocks whose scales are not finite. */
    private static void makeValid(GgmlType type, byte[] blocks, int offset, int blockCount, SplittableRandom random) {
        int bytes = type.blockBytes();
        for (int block = 0; block < blockCount; block++) {
            byte[] one = new byte[bytes];
            do {
                random.nextBytes(one);
            } while (BlockValidator.firstInvalidBlock(type, one, 0, bytes) >= 0);
            System.arraycopy(one, 0, blocks, offset + block * bytes, bytes);
        }
    }

    private static byte[] resource(String name) throws IOException {
        try (InputStream in = DequantizerTest.class.getResourceAsStream(name)) {
            return in.readAllBytes();
        }
    }

    private static byte[] bytes(float[] weights) {
        ByteBuffer buffer = ByteBuffer.allocate(weights.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        buffer.asFloatBuffer().put(weights);
        return buffer.array();
    }
}
