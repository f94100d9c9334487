package io.nightshift.kernels.quantize;

import io.nightshift.kernels.Lanes;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Eight scales and eight minima of 6 bits in 12 bytes (ggml-quants.c, get_scale_min_k4): bytes 0 to 3 hold scales 0 to 3,
 * bytes 4 to 7 minima 0 to 3, bytes 8 to 11 the lower halves of scales (low) and minima (high) 4 to 7, whose upper two bits
 * stand above those of the first eight bytes. A super-block a lane.
 */
final class SixBitScales {
    static final int MAX = 63;

    private static final int LANES = Lanes.COUNT;
    private static final int HALF = 4;

    private SixBitScales() {}

    /** Limits levels to six bits. */
    static void limit(int[] levels) {
        for (int i = 0; i < 2 * HALF * LANES; i += LANES) {
            IntVector.fromArray(Lanes.INT, levels, i).min(MAX).intoArray(levels, i);
        }
    }

    /** Packs levels (0 to 255; what exceeds six bits spoils its neighbour, as it does in ggml) into three words. */
    static void pack(int[] scales, int[] mins, int[] block, int offset) {
        IntVector word0 = IntVector.zero(Lanes.INT);
        IntVector word1 = word0;
        IntVector word2 = word0;
        for (int j = 0; j < HALF; j++) {
            IntVector scale = IntVector.fromArray(Lanes.INT, scales, j * LANES);
            IntVector min = IntVector.fromArray(Lanes.INT, mins, j * LANES);
            IntVector upperScale = IntVector.fromArray(Lanes.INT, scales, (j + HALF) * LANES);
            IntVector upperMin = IntVector.fromArray(Lanes.INT, mins, (j + HALF) * LANES);
            word0 = word0.or(shifted(scale.or(upperBits(upperScale)), j));
            word1 = word1.or(shifted(min.or(upperBits(upperMin)), j));
            IntVector lower = upperScale.and(0xf).or(upperMin.and(0xf).lanewise(VectorOperators.LSHL, 4));
            word2 = word2.or(shifted(lower, j));
        }
        word0.intoArray(block, offset);
        word1.intoArray(block, offset + LANES);
        word2.intoArray(block, offset + 2 * LANES);
    }

    /** The levels that a reader of the three words gets. */
    static void unpack(int[] block, int offset, int[] scales, int[] mins) {
        IntVector word0 = IntVector.fromArray(Lanes.INT, block, offset);
        IntVector word1 = IntVector.fromArray(Lanes.INT, block, offset + LANES);
        IntVector word2 = IntVector.fromArray(Lanes.INT, block, offset + 2 * LANES);
        for (int j = 0; j < HALF; j++) {
            IntVector shifts = IntVector.broadcast(Lanes.INT, 8 * j);
            IntVector byte0 = word0.lanewise(VectorOperators.LSHR, shifts).and(0xff);
            IntVector byte1 = word1.lanewise(VectorOperators.LSHR, shifts).and(0xff);
            IntVector byte2 = word2.lanewise(VectorOperators.LSHR, shifts).and(0xff);
            byte0.and(MAX).intoArray(scales, j * LANES);
            byte1.and(MAX).intoArray(mins, j * LANES);
            byte2.and(0xf).or(byte0.and(0xc0).lanewise(VectorOperators.LSHR, 2)).intoArray(scales, (j + HALF) * LANES);
            byte2.lanewise(VectorOperators.LSHR, 4)
                    .or(byte1.and(0xc0).lanewise(VectorOperators.LSHR, 2))
                    .intoArray(mins, (j + HALF) * LANES);
        }
    }

    private static IntVector upperBits(IntVector level) {
        return level.lanewise(VectorOperators.LSHR, 4).lanewise(VectorOperators.LSHL, 6).and(0xff);
    }

    private static IntVector shifted(IntVector bytes, int index) {
        return bytes.lanewise(VectorOperators.LSHL, IntVector.broadcast(Lanes.INT, 8 * index));
    }
}
