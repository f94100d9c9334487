package io.nightshift.kernels.quantize;

import io.nightshift.kernels.GgmlType;
import io.nightshift.kernels.HalfFloat;

/** IQ1_S: sub-blocks of 32 weights with one shift (ggml-quants.c, quantize_row_iq1_s_impl). */
final class IQ1SQuantizer extends TernaryQuantizer {
    private static final int SUB_BLOCKS = 8;
    private static final int GROUPS = 4;
    private static final int HIGH_BITS = 2 + SUB_BLOCKS * GROUPS;

    IQ1SQuantizer() {
        super(GgmlType.IQ1_S, new OneShiftSplit());
    }

    @Override
    void allowWithoutImportance() {
        throw new IllegalArgumentException(type() + " cannot be made without importance: give an importance matrix");
    }

    @Override
    void write(int superBlock, byte[] blocks, int offset) {
        int first = superBlock * SUB_BLOCKS;
        float largest = largestScale(first, SUB_BLOCKS);
        float unit = largest / 15;
        short half = HalfFloat.fromFloat(unit * 1.125f);
        blocks[offset] = (byte) half;
        blocks[offset + 1] = (byte) (half >> 8);
        for (int i = 0; i < SUB_BLOCKS; i++) {
            int word = 0;
            for (int k = 0; k < GROUPS; k++) {
                int point = lattice.point(codes[(first + i) * GROUPS + k]);
                blocks[offset + 2 + i * GROUPS + k] = (byte) point;
                word |= point >> 8 << 3 * k;
            }
            if (largest > 0) {
                word |= scaleLevel(scales[first + i], 1 / unit) << 12 | (shifts[first + i] == 0 ? 0 : 0x8000);
            }
            blocks[offset + HIGH_BITS + 2 * i] = (byte) word;
            blocks[offset + HIGH_BITS + 2 * i + 1] = (byte) (word >> 8);
        }
    }
}
