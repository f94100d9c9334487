package io.nightshift.kernels.quantize;

import io.nightshift.kernels.GgmlType;
import io.nightshift.kernels.Lanes;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/** Q2_K: 16 sub-blocks of 16 weights with levels of 2 bits, scales and minima of 4 bits (ggml-quants.c, quantize_row_q2_K). */
final class Q2KQuantizer extends ScaleMinQuantizer {
    private static final int SUB_BLOCK = 4 * LANES;
    private static final int LOW_BITS = 4 * LANES;
    private static final int UNITS = LOW_BITS + 16 * LANES;

    Q2KQuantizer() {
        super(16, 3, 15, new ScaleMinSearch(16, 3, -0.5f, 0.1f, 15, true), 1f);
    }

    @Override
    public GgmlType type() {
        return GgmlType.Q2_K;
    }

    @Override
    void weigh(float[] weights, int offset, float[] errorWeights, int errorOffset) {
        ErrorWeights.magnitude(weights, offset, errorWeights, errorOffset);
    }

    /** A byte a sub-block, its scale in the lower half; read back, as levels beyond 15 spoil the byte as they do in ggml. */
    @Override
    void packScales(int[] scaleLevels, int[] minLevels, boolean weighted, int[] units, int[] block) {
        for (int word = 0; word < 4; word++) {
            IntVector packed = IntVector.zero(Lanes.INT);
            for (int k = 0; k < 4; k++) {
                int subBlock = (4 * word + k) * LANES;
                IntVector scale = IntVector.fromArray(Lanes.INT, scaleLevels, subBlock);
                IntVector min = IntVector.fromArray(Lanes.INT, minLevels, subBlock);
                IntVector pair = scale.or(min.lanewise(VectorOperators.LSHL, 4)).and(0xff);
                packed = packed.or(pair.lanewise(VectorOperators.LSHL, IntVector.broadcast(Lanes.INT, 8 * k)));
                pair.and(0xf).intoArray(scaleLevels, subBlock);
                pair.lanewise(VectorOperators.LSHR, 4).intoArray(minLevels, subBlock);
            }
            packed.intoArray(block, word * LANES);
        }
        System.arraycopy(units, 0, block, UNITS, LANES);
    }

    /** Byte i of 32 holds the levels of weights i, i + 32, i + 64 and i + 96 of a half, from the lowest bits on. */
    @Override
    void packLevels(int[] levels, int[] block) {
        for (int half = 0; half < 2; half++) {
            for (int i = 0; i < 2 * SUB_BLOCK; i += LANES) {
                IntVector packed = IntVector.zero(Lanes.INT);
                for (int k = 0; k < 4; k++) {
                    IntVector level = IntVector.fromArray(Lanes.INT, levels, (8 * half + 2 * k) * SUB_BLOCK + i);
                    packed = packed.or(level.lanewise(VectorOperators.LSHL, IntVector.broadcast(Lanes.INT, 2 * k)));
                }
                packed.intoArray(block, LOW_BITS + 2 * half * SUB_BLOCK + i);
            }
        }
    }
}
