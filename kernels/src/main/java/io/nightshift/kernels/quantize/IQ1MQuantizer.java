package io.nightshift.kernels.quantize;

import io.nightshift.kernels.GgmlType;
import io.nightshift.kernels.HalfFloat;

/**
 * IQ1_M: sub-blocks of 16 weights with a shift a half (ggml-quants.c, quantize_row_iq1_m_impl).
 *
 * <p>The super-block's scale is fitted to all weights last; its bits are spread over the four words of scales.
 */
final class IQ1MQuantizer extends TernaryQuantizer {
    private static final int SUB_BLOCKS = 16;
    private static final int HIGH_BITS = 2 * SUB_BLOCKS;
    private static final int SCALES = HIGH_BITS + SUB_BLOCKS;

    private final int[] levels = new int[SUB_BLOCKS];

    IQ1MQuantizer() {
        super(GgmlType.IQ1_M, new TwoShiftSplit());
    }

    @Override
    void allowWithoutImportance() {
        // ggml has a path for it.
    }

    @Override
    void write(int superBlock, byte[] blocks, int offset) {
        float largest = largestScale(0, SUB_BLOCKS);
        float unit = largest / 15;
        int half = 0;
        if (largest > 0) {
            for (int i = 0; i < SUB_BLOCKS; i++) {
                levels[i] = scaleLevel(scales[i], 1 / unit);
            }
            half = HalfFloat.fromFloat(fittedScale(unit) * 1.1125f);
        }
        for (int i = 0; i < SUB_BLOCKS; i++) {
            int point0 = lattice.point(codes[2 * i]);
            int point1 = lattice.point(codes[2 * i + 1]);
            int downs = (shifts[i] & 2) << 2 | (shifts[i] & 1) << 7;
            blocks[offset + 2 * i] = (byte) point0;
            blocks[offset + 2 * i + 1] = (byte) point1;
            blocks[offset + HIGH_BITS + i] = (byte) (point0 >> 8 | point1 >> 8 << 4 | (largest > 0 ? downs : 0));
        }
        for (int i = 0; i < 4; i++) {
            int word = (half >> 4 * i & 15) << 12;
            for (int k = 0; largest > 0 && k < 4; k++) {
                word |= levels[4 * i + k] << 3 * k;
            }
            blocks[offset + SCALES + 2 * i] = (byte) word;
            blocks[offset + SCALES + 2 * i + 1] = (byte) (word >> 8);
        }
    }

    private float fittedScale(float otherwise) {
        float sumQX = 0;
        float sumQ2 = 0;
        for (int i = 0; i < SIZE; i += 8) {
            int block = i / 16;
            float[] values = TernarySplit.values(shifts[block], i / 8 % 2);
            int code = codes[i / 8];
            for (int k = i; k < i + 8; k++) {
                float q = values[code & 3] * (2 * levels[block] + 1);
                code >>>= 2;
                sumQX += errorWeights[k] * q * x[k];
                sumQ2 += errorWeights[k] * q * q;
            }
        }
        return sumQ2 > 0 ? sumQX / sumQ2 : otherwise;
    }
}
