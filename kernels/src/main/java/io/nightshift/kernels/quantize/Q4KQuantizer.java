package io.nightshift.kernels.quantize;

import io.nightshift.kernels.GgmlType;

/** Q4_K: 8 sub-blocks of 32 weights with levels of 4 bits, scales and minima of 6 bits (ggml-quants.c, quantize_row_q4_K). */
final class Q4KQuantizer extends ScaleMinQuantizer {
    private static final int MAX_LEVEL = 15;

    Q4KQuantizer() {
        super(32, MAX_LEVEL, SixBitScales.MAX, new ScaleMinSearch(32, MAX_LEVEL, -1f, 0.1f, 20, false), 2f);
    }

    @Override
    public GgmlType type() {
        return GgmlType.Q4_K;
    }

    @Override
    void weigh(float[] weights, int offset, float[] errorWeights, int errorOffset) {
        ErrorWeights.rootMeanSquarePlusMagnitude(weights, offset, errorWeights, errorOffset);
    }

    @Override
    void packScales(int[] scaleLevels, int[] minLevels, boolean weighted, int[] units, int[] block) {
        if (!weighted) {
            SixBitScales.limit(scaleLevels);
            SixBitScales.limit(minLevels);
        }
        System.arraycopy(units, 0, block, 0, LANES);
        SixBitScales.pack(scaleLevels, minLevels, block, LANES);
        SixBitScales.unpack(block, LANES, scaleLevels, minLevels);
    }

    @Override
    void packLevels(int[] levels, int[] block) {
        Nibbles.pack(levels, block, 4 * LANES);
    }
}
