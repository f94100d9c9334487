package io.nightshift.kernels.encoding;

import io.nightshift.kernels.GgmlType;
import io.nightshift.kernels.rounding.IntegerLevels;
import io.nightshift.kernels.rounding.Levels;
import java.util.Arrays;
import java.util.List;

/** Super-blocks of 256 weights: sub-blocks with scales that are small integers times a unit in half precision. */
abstract sealed class SuperBlockLayout extends BlockLayout
        permits SuperBlockLayout.Q2K, SuperBlockLayout.Q3K, SuperBlockLayout.Q45K, SuperBlockLayout.Q6K,
                SuperBlockLayout.IQ4XS {
    private static final int SIZE = 256;

    private SuperBlockLayout(GgmlType type, int groupSize, Levels levels) {
        super(type, groupSize, levels);
    }

    static List<BlockLayout> all() {
        return List.of(new Q2K(), new Q3K(), new Q45K(GgmlType.Q4_K, 4), new Q45K(GgmlType.Q5_K, 5), new Q6K(), new IQ4XS());
    }

    /** Two bits of each weight: in each half of a super-block, a byte holds those of four weights 32 apart. */
    private static void writePairs(byte[] levels, int first, int bias, int shift, byte[] blocks, int at) {
        for (int half = 0; half < 2; half++) {
            for (int i = 0; i < 32; i++) {
                int joined = 0;
                for (int k = 0; k < 4; k++) {
                    joined |= (levels[first + 128 * half + 32 * k + i] + bias >> shift & 3) << 2 * k;
                }
                blocks[at + 32 * half + i] = (byte) joined;
            }
        }
    }

    /** The lower four bits of each weight: of {@code distance} weights, then of as many that follow, in the same bytes. */
    private static void writeNibbles(byte[] levels, int first, int bias, int distance, byte[] blocks, int at) {
        for (int i = 0; i < SIZE / 2; i++) {
            int low = first + i / distance * 2 * distance + i % distance;
            blocks[at + i] = (byte) (levels[low] + bias & 15 | (levels[low + distance] + bias & 15) << 4);
        }
    }

    /** 16 bytes with a scale below a minimum, 64 of levels, the units of scales and of minimums. */
    static final class Q2K extends SuperBlockLayout {
        private Q2K() {
            super(GgmlType.Q2_K, 16, new IntegerLevels(0, 3));
        }

        @Override
        void readScales(byte[] blocks, int block, float[] scales, float[] offsets, int group) {
            float unit = BlockFields.half(blocks, block + 80);
            float minimumUnit = BlockFields.half(blocks, block + 82);
            for (int i = 0; i < 16; i++) {
                scales[group + i] = unit * (blocks[block + i] & 15);
                offsets[group + i] = -(minimumUnit * (blocks[block + i] >> 4 & 15));
            }
        }

        @Override
        void writeLevels(byte[] levels, int first, byte[] blocks, int block) {
            writePairs(levels, first, 0, 0, blocks, block + 16);
        }
    }

    /** 32 bytes of third bits, 64 of lower pairs of bits, 12 of 6-bit scales (lower halves, then pairs), the unit. */
    static final class Q3K extends SuperBlockLayout {
        private Q3K() {
            super(GgmlType.Q3_K, 16, new IntegerLevels(-4, 3));
        }

        @Override
        void readScales(byte[] blocks, int block, float[] scales, float[] offsets, int group) {
            float unit = BlockFields.half(blocks, block + 108);
            for (int i = 0; i < 16; i++) {
                int low = blocks[block + 96 + i % 8] >> 4 * (i / 8) & 15;
                int high = blocks[block + 104 + i % 4] >> 2 * (i / 4) & 3;
                scales[group + i] = unit * ((low | high << 4) - 32);
                offsets[group + i] = 0;
            }
        }

        @Override
        void writeLevels(byte[] levels, int first, byte[] blocks, int block) {
            Arrays.fill(blocks, block, block + 32, (byte) 0);
            for (int i = 0; i < SIZE; i++) {
                blocks[block + i % 32] |= (byte) ((levels[first + i] + 4 >> 2) << i / 32);
            }
            writePairs(levels, first, 4, 0, blocks, block + 32);
        }
    }

    /**
     * The units of scales and of minimums, 12 bytes of 6-bit scales and minimums ({@code get_scale_min_k4}), with 5 bits 32
     * bytes of fifth bits, 128 of lower halves.
     */
    static final class Q45K extends SuperBlockLayout {
        private final int bits;

        private Q45K(GgmlType type, int bits) {
            super(type, 32, new IntegerLevels(0, (1 << bits) - 1));
            this.bits = bits;
        }

        @Override
        void readScales(byte[] blocks, int block, float[] scales, float[] offsets, int group) {
            float unit = BlockFields.half(blocks, block);
            float minimumUnit = BlockFields.half(blocks, block + 2);
            for (int i = 0; i < 8; i++) {
                int scale = blocks[block + 4 + i % 4];
                int minimum = blocks[block + 8 + i % 4];
                if (i < 4) {
                    scale &= 63;
                    minimum &= 63;
                } else {
                    int lower = blocks[block + 8 + i];
                    scale = lower & 15 | (scale & 0xc0) >> 2;
                    minimum = lower >> 4 & 15 | (minimum & 0xc0) >> 2;
                }
                scales[group + i] = unit * scale;
                offsets[group + i] = -(minimumUnit * minimum);
            }
        }

        @Override
        void writeLevels(byte[] levels, int first, byte[] blocks, int block) {
            int at = block + 16;
            if (bits == 5) {
                Arrays.fill(blocks, at, at + 32, (byte) 0);
                for (int i = 0; i < SIZE; i++) {
                    blocks[at + i % 32] |= (byte) (levels[first + i] >> 4 << i / 32);
                }
                at += 32;
            }
            writeNibbles(levels, first, 0, 32, blocks, at);
        }
    }

    /** 128 bytes of lower halves, 64 of upper pairs of bits, 16 signed scales, the unit. */
    static final class Q6K extends SuperBlockLayout {
        private Q6K() {
            super(GgmlType.Q6_K, 16, new IntegerLevels(-32, 31));
        }

        @Override
        void readScales(byte[] blocks, int block, float[] scales, float[] offsets, int group) {
            float unit = BlockFields.half(blocks, block + 208);
            for (int i = 0; i < 16; i++) {
                scales[group + i] = unit * blocks[block + 192 + i];
                offsets[group + i] = 0;
            }
        }

        @Override
        void writeLevels(byte[] levels, int first, byte[] blocks, int block) {
            writeNibbles(levels, first, 32, 64, blocks, block);
            writePairs(levels, first, 32, 4, blocks, block + 128);
        }
    }

    /** The unit, 6-bit scales (upper pairs of bits, then lower halves), 128 bytes of levels. */
    static final class IQ4XS extends SuperBlockLayout {
        private IQ4XS() {
            super(GgmlType.IQ4_XS, 32, LegacyBlockLayout.nonlinearLevels());
        }

        @Override
        void readScales(byte[] blocks, int block, float[] scales, float[] offsets, int group) {
            float unit = BlockFields.half(blocks, block);
            for (int i = 0; i < 8; i++) {
                int scale = BlockFields.nibble(blocks, block + 4, i) | BlockFields.pair(blocks, block + 2, i) << 4;
                scales[group + i] = unit * (scale - 32);
                offsets[group + i] = 0;
            }
        }

        @Override
        void writeLevels(byte[] levels, int first, byte[] blocks, int block) {
            writeNibbles(levels, first, 0, 16, blocks, block + 8);
        }
    }
}
