package io.nightshift.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class BlockValidatorTest {
    private static final int BLOCKS = 131;

    /** The type, and the offsets of its half-precision scales. */
    static Object[][] scales() {
        return new Object[][] {
            {GgmlType.F16, new int[] {0}},
            {GgmlType.Q4_0, new int[] {0}},
            {GgmlType.Q4_1, new int[] {0, 2}},
            {GgmlType.Q5_0, new int[] {0}},
            {GgmlType.Q5_1, new int[] {0, 2}},
            {GgmlType.Q8_0, new int[] {0}},
            {GgmlType.Q1_0, new int[] {0}},
            {GgmlType.Q2_0, new int[] {0}},
            {GgmlType.Q2_K, new int[] {80, 82}},
            {GgmlType.Q3_K, new int[] {108}},
            {GgmlType.Q4_K, new int[] {0, 2}},
            {GgmlType.Q5_K, new int[] {0, 2}},
            {GgmlType.Q6_K, new int[] {208}},
            {GgmlType.TQ1_0, new int[] {52}},
            {GgmlType.TQ2_0, new int[] {64}},
            {GgmlType.IQ1_S, new int[] {0}},
            {GgmlType.IQ2_XXS, new int[] {0}},
            {GgmlType.IQ2_XS, new int[] {0}},
            {GgmlType.IQ2_S, new int[] {0}},
            {GgmlType.IQ3_XXS, new int[] {0}},
            {GgmlType.IQ3_S, new int[] {0}},
            {GgmlType.IQ4_NL, new int[] {0}},
            {GgmlType.IQ4_XS, new int[] {0}},
        };
    }

    @ParameterizedTest(name = "{0} of {1}, importance {2}")
    @MethodSource("io.nightshift.kernels.QuantizedInputs#cases")
    void agreesWithGgmlAboutItsOwnBlocks(GgmlType type, BlockInputs kind, boolean importance) {
        byte[] blocks = QuantizedInputs.blocks(type, kind, importance);
        assertEquals(new Golden(type).valid(kind, importance),
                BlockValidator.firstInvalidBlock(type, blocks, 0, blocks.length) < 0);
    }

    @ParameterizedTest
    @MethodSource("scales")
    void findsScalesThatAreNotFinite(GgmlType type, int[] scales) {
        for (int scale : scales) {
            for (int special : new int[] {0x7c00, 0xfc00, 0x7e00, 0x7c01, 0xffff}) {
                assertFinds(type, bytes -> bytes.putShort(scale, (short) special));
            }
            for (int ordinary : new int[] {0, 0x8000, 0x7bff, 0xfbff, 0x3ff, 0x7800}) {
                assertAccepts(type, bytes -> bytes.putShort(scale, (short) ordinary));
            }
        }
    }

    @Test
    void takesTheScaleOfIq1mTogether() {
        // 0x7c00, a quarter in each of four numbers.
        assertFinds(GgmlType.IQ1_M, bytes -> bytes.putShort(52, (short) 0xc000).putShort(54, (short) 0x7000));
        assertFinds(GgmlType.IQ1_M, bytes -> bytes.putShort(52, (short) 0xdfff).putShort(54, (short) 0xf123));
        assertAccepts(GgmlType.IQ1_M, bytes -> bytes.putShort(52, (short) 0xb000).putShort(54, (short) 0xf000));
        assertAccepts(GgmlType.IQ1_M, bytes -> bytes.putShort(52, (short) 0xf000).putShort(54, (short) 0xb000));
    }

    @Test
    void findsNumbersThatAreNotFinite() {
        assertFinds(GgmlType.F32, bytes -> bytes.putFloat(0, Float.NEGATIVE_INFINITY));
        assertFinds(GgmlType.F32, bytes -> bytes.putFloat(0, Float.NaN));
        assertAccepts(GgmlType.F32, bytes -> bytes.putFloat(0, -Float.MAX_VALUE));
        assertFinds(GgmlType.BF16, bytes -> bytes.putShort(0, (short) 0x7f80));
        assertFinds(GgmlType.BF16, bytes -> bytes.putShort(0, (short) 0xffff));
        assertAccepts(GgmlType.BF16, bytes -> bytes.putShort(0, (short) 0x7f7f));
        assertFinds(GgmlType.F64, bytes -> bytes.putDouble(0, Double.NaN));
        assertFinds(GgmlType.F64, bytes -> bytes.putDouble(0, 1e300));
        assertAccepts(GgmlType.F64, bytes -> bytes.putDouble(0, 1e30));
        assertFinds(GgmlType.MXFP4, bytes -> bytes.put(0, (byte) 0xff));
        assertAccepts(GgmlType.MXFP4, bytes -> bytes.put(0, (byte) 0xfe));
    }

    @ParameterizedTest
    @EnumSource(GgmlType.class)
    void acceptsZerosAndRefusesParts(GgmlType type) {
        assertAccepts(type, bytes -> bytes);
        int bytes = type.blockBytes();
        if (bytes > 1) {
            byte[] blocks = new byte[2 * bytes];
            assertThrows(
                    IllegalArgumentException.class,
                    () -> BlockValidator.firstInvalidBlock(type, blocks, 0, 2 * bytes - 1));
            assertThrows(
                    IndexOutOfBoundsException.class,
                    () -> BlockValidator.firstInvalidBlock(type, blocks, 1, 2 * bytes));
        }
    }

    /** Integers may be anything. */
    @ParameterizedTest
    @EnumSource(names = {"I8", "I16", "I32", "I64"})
    void acceptsAnyInteger(GgmlType type) {
        byte[] bytes = new byte[BLOCKS * type.blockBytes()];
        Arrays.fill(bytes, (byte) 0xff);
        assertEquals(-1, BlockValidator.firstInvalidBlock(type, bytes, 0, bytes.length));
    }

    private interface Change {
        Object apply(ByteBuffer block);
    }

    private static void assertFinds(GgmlType type, Change change) {
        for (int block : new int[] {0, 1, 64, BLOCKS - 1}) {
            byte[] blocks = changed(type, block, change);
            assertEquals(block, BlockValidator.firstInvalidBlock(type, blocks, 1, blocks.length - 2));
        }
    }

    private static void assertAccepts(GgmlType type, Change change) {
        byte[] blocks = changed(type, 70, change);
        assertEquals(-1, BlockValidator.firstInvalidBlock(type, blocks, 1, blocks.length - 2));
    }

    /** Blocks of zeros between two bytes that are not theirs, one of the blocks changed. */
    private static byte[] changed(GgmlType type, int block, Change change) {
        byte[] blocks = new byte[BLOCKS * type.blockBytes() + 2];
        blocks[0] = -1;
        blocks[blocks.length - 1] = -1;
        change.apply(ByteBuffer.wrap(blocks, 1 + block * type.blockBytes(), type.blockBytes())
                .slice()
                .order(ByteOrder.LITTLE_ENDIAN));
        return blocks;
    }
}
