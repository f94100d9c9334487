package io.nightshift.kernels.quantize;

import io.nightshift.kernels.Codebooks.Grid;
import io.nightshift.kernels.GgmlType;
import java.util.Arrays;

/** IQ3_S: sub-blocks of 32 weights, 512 points of 4, all signs (ggml-quants.c, quantize_row_iq3_s_impl). */
final class IQ3SQuantizer extends MagnitudeQuantizer {
    private static final int SIGNS = 2 + 64 + 8;

    IQ3SQuantizer() {
        super(GgmlType.IQ3_S, Grid.IQ3S, 32, 9, 0.2f, Refinement.WHERE_ANY_MISSED, Float.MIN_VALUE);
    }

    @Override
    void weigh(float[] importance, int offset) {
        if (importance == null) {
            block.weighBySquares(0);
        } else {
            block.weigh(block.variance(2), importance, offset);
        }
    }

    /** As in ggml, a sub-block that is skipped leaves no room for its points and signs: those behind it move up. */
    @Override
    void write(float largestScale, byte[] blocks, int offset) {
        Arrays.fill(blocks, offset, offset + type().blockBytes(), (byte) 0);
        writeScale(largestScale / 31 * 1.033f, blocks, offset);
        int place = 0;
        for (int i = 0; i < 8; i++) {
            if (!used[i]) {
                continue;
            }
            int high = 0;
            for (int k = 0; k < 8; k++) {
                int point = points[8 * i + k];
                blocks[offset + 2 + 8 * place + k] = (byte) point;
                high |= point >> 8 << k;
            }
            blocks[offset + 66 + i] = (byte) high;
            for (int k = 0; k < 4; k++) {
                blocks[offset + SIGNS + 4 * place + k] = (byte) block.signs[4 * i + k];
            }
            place++;
        }
        writeScaleLevels(largestScale, blocks, offset + 106);
    }
}
