package io.nightshift.kernels.quantize;

import io.nightshift.kernels.GgmlType;
import io.nightshift.kernels.Lanes;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * TQ2_0: blocks of 256 weights, each 128 of them in 32 bytes, a byte with the levels of weights 32 apart (ggml-quants.c,
 * quantize_row_tq2_0_ref).
 */
final class TQ20Quantizer extends TernaryBlockQuantizer {
    private static final int SIZE = 256;
    private static final int BYTES = 64;

    private final byte[] packed = new byte[BYTES + Long.BYTES];

    TQ20Quantizer() {
        super(GgmlType.TQ2_0, BYTES);
    }

    @Override
    void pack(float[] weights, int from, int count, float[] inverses, byte[] blocks, int to) {
        int blockBytes = type().blockBytes();
        for (int block = 0; block < count; block++) {
            float inverse = finite(inverses[block]);
            packHalf(weights, from + block * SIZE, inverse, packed, 0);
            packHalf(weights, from + block * SIZE + SIZE / 2, inverse, packed, BYTES / 2);
            System.arraycopy(packed, 0, blocks, to + block * blockBytes, BYTES);
        }
    }

    private static void packHalf(float[] weights, int from, float inverse, byte[] packed, int to) {
        IntVector two = IntVector.broadcast(Lanes.INT, 2);
        for (int i = 0; i < BYTES / 2; i += LANES) {
            IntVector bits = levels(weights, from + i + 96, inverse);
            bits = bits.lanewise(VectorOperators.LSHL, two).or(levels(weights, from + i + 64, inverse));
            bits = bits.lanewise(VectorOperators.LSHL, two).or(levels(weights, from + i + 32, inverse));
            bits = bits.lanewise(VectorOperators.LSHL, two).or(levels(weights, from + i, inverse));
            store(bits, packed, to + i);
        }
    }
}
