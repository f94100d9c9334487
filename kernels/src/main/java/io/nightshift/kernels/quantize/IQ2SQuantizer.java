package io.nightshift.kernels.quantize;

import io.nightshift.kernels.Codebooks.Grid;
import io.nightshift.kernels.GgmlType;

/** IQ2_S: sub-blocks of 16 weights, 1024 points of 8, all signs (ggml-quants.c, quantize_row_iq2_s_impl). */
final class IQ2SQuantizer extends MagnitudeQuantizer {
    IQ2SQuantizer() {
        super(GgmlType.IQ2_S, Grid.IQ2S, 16, 9, 0.1f, Refinement.ONLY_MISSED, 1e-8f);
    }

    @Override
    void weigh(float[] importance, int offset) {
        float variance = block.variance(2);
        if (importance == null) {
            block.weighBySquares(0.25f * variance);
        } else {
            block.weigh(variance, importance, offset);
        }
    }

    @Override
    void write(float largestScale, byte[] blocks, int offset) {
        writeScale(largestScale / 31 * 0.9875f, blocks, offset);
        for (int k = 0; k < 32; k++) {
            blocks[offset + 2 + k] = (byte) points[k];
            blocks[offset + 34 + k] = (byte) block.signs[k];
        }
        for (int k = 0; k < 32; k += 4) {
            blocks[offset + 66 + k / 4] = (byte) (points[k] >> 8
                    | points[k + 1] >> 8 << 2
                    | points[k + 2] >> 8 << 4
                    | points[k + 3] >> 8 << 6);
        }
        writeScaleLevels(largestScale, blocks, offset + 74);
    }
}
