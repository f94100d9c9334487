package io.nightshift.kernels.quantize;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * Blocks of 32 levels of 4 or 5 bits: Q4_0, Q4_1, Q5_0, Q5_1.
 *
 * <p>A block is its scale; its minimum, if it has one; the fifth bits, a bit a weight, if there are any; and 16 bytes, byte
 * i with the low four bits of level i and, above them, those of level i + 16.
 */
final class LevelBlocks {
    private static final VarHandle SHORT = MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private static final long NIBBLE = 0x0f0f0f0f0f0f0f0fL;
    private static final long BIT = 0x0101010101010101L;

    /** The product's highest byte has bit i from byte i of a long whose bytes are 0 or 1. */
    private static final long GATHER = 0x0102040810204080L;

    private LevelBlocks() {}

    /**
     * Writes blocks.
     *
     * @param scales the scales, half-precision bytes
     * @param mins the minima likewise, or {@code null}
     * @param fiveBits whether levels have five bits
     * @param levels 32 levels a block
     * @param count number of blocks
     */
    static void write(byte[] scales, byte[] mins, boolean fiveBits, byte[] levels, int count, byte[] blocks, int offset) {
        int at = offset;
        for (int block = 0; block < count; block++) {
            SHORT.set(blocks, at, (short) SHORT.get(scales, block * Short.BYTES));
            at += Short.BYTES;
            if (mins != null) {
                SHORT.set(blocks, at, (short) SHORT.get(mins, block * Short.BYTES));
                at += Short.BYTES;
            }
            long first = (long) LONG.get(levels, block * 32);
            long second = (long) LONG.get(levels, block * 32 + 8);
            long third = (long) LONG.get(levels, block * 32 + 16);
            long fourth = (long) LONG.get(levels, block * 32 + 24);
            if (fiveBits) {
                int low = fifthBits(first) | fifthBits(second) << 8;
                INT.set(blocks, at, low | fifthBits(third) << 16 | fifthBits(fourth) << 24);
                at += Integer.BYTES;
            }
            LONG.set(blocks, at, first & NIBBLE | (third & NIBBLE) << 4);
            LONG.set(blocks, at + Long.BYTES, second & NIBBLE | (fourth & NIBBLE) << 4);
            at += 2 * Long.BYTES;
        }
    }

    /** Writes just the low four bits of levels, 16 bytes a block; {@code first} is the first block's index. */
    static void writeNibbles(byte[] levels, int first, int count, byte[] blocks, int offset) {
        for (int block = 0; block < count; block++) {
            int from = (first + block) * 32;
            long low = (long) LONG.get(levels, from) & NIBBLE;
            long nextLow = (long) LONG.get(levels, from + 8) & NIBBLE;
            long high = (long) LONG.get(levels, from + 16) & NIBBLE;
            long nextHigh = (long) LONG.get(levels, from + 24) & NIBBLE;
            LONG.set(blocks, offset + block * 16, low | high << 4);
            LONG.set(blocks, offset + block * 16 + 8, nextLow | nextHigh << 4);
        }
    }

    private static int fifthBits(long levels) {
        return (int) ((levels >>> 4 & BIT) * GATHER >>> 56);
    }
}
