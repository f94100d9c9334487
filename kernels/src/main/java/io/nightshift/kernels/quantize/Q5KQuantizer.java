package io.nightshift.kernels.quantize;

import io.nightshift.kernels.GgmlType;
import io.nightshift.kernels.Lanes;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/** Q5_K: 8 sub-blocks of 32 weights with levels of 5 bits, scales and minima of 6 bits (ggml-quants.c, quantize_row_q5_K). */
final class Q5KQuantizer extends ScaleMinQuantizer {
    private static final int MAX_LEVEL = 31;
    private static final int HIGH_BITS = 4 * LANES;
    private static final int LOW_BITS = HIGH_BITS + 8 * LANES;

    Q5KQuantizer() {
        super(32, MAX_LEVEL, SixBitScales.MAX, new ScaleMinSearch(32, MAX_LEVEL, -0.5f, 0.1f, 15, false), 2f);
    }

    @Override
    public GgmlType type() {
        return GgmlType.Q5_K;
    }

    @Override
    void weigh(float[] weights, int offset, float[] errorWeights, int errorOffset) {
        ErrorWeights.rootMeanSquarePlusMagnitude(weights, offset, errorWeights, errorOffset);
    }

    @Override
    void packScales(int[] scaleLevels, int[] minLevels, boolean weighted, int[] units, int[] block) {
        SixBitScales.limit(scaleLevels);
        SixBitScales.limit(minLevels);
        System.arraycopy(units, 0, block, 0, LANES);
        SixBitScales.pack(scaleLevels, minLevels, block, LANES);
        SixBitScales.unpack(block, LANES, scaleLevels, minLevels);
    }

    @Override
    void packLevels(int[] levels, int[] block) {
        packHighBits(levels, block);
        Nibbles.pack(levels, block, LOW_BITS);
    }

    /** The highest bit of each level: 32 bytes, of which bit s holds the 32 levels of sub-block s. */
    private static void packHighBits(int[] levels, int[] block) {
        for (int i = 0; i < 8 * LANES; i += LANES) {
            IntVector bits = IntVector.zero(Lanes.INT);
            for (int s = 0; s < 8; s++) {
                IntVector level = IntVector.fromArray(Lanes.INT, levels, s * 8 * LANES + i);
                IntVector bit = level.lanewise(VectorOperators.LSHR, 4).and(0x01010101);
                bits = bits.or(bit.lanewise(VectorOperators.LSHL, IntVector.broadcast(Lanes.INT, s)));
            }
            bits.intoArray(block, HIGH_BITS + i);
        }
    }
}
