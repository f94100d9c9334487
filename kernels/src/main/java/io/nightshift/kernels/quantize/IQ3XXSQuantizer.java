package io.nightshift.kernels.quantize;

import io.nightshift.kernels.Codebooks.Grid;
import io.nightshift.kernels.GgmlType;

/**
 * IQ3_XXS: sub-blocks of 32 weights, 256 points of 4, an even number of minuses in each 8 (ggml-quants.c,
 * quantize_row_iq3_xxs_impl).
 */
final class IQ3XXSQuantizer extends MagnitudeQuantizer {
    IQ3XXSQuantizer() {
        super(GgmlType.IQ3_XXS, Grid.IQ3XXS, 32, 15, 0.2f, Refinement.ONLY_MISSED, 1e-8f);
    }

    @Override
    void weigh(float[] importance, int offset) {
        if (importance == null) {
            block.weighBySquares(0);
        } else {
            block.weigh(block.variance(2), importance, offset);
        }
        block.makeEven();
    }

    @Override
    void write(float largestScale, byte[] blocks, int offset) {
        writeScale(largestScale / 31 * 1.0125f, blocks, offset);
        for (int k = 0; k < 64; k++) {
            blocks[offset + 2 + k] = largestScale == 0 ? 0 : (byte) points[k];
        }
        for (int i = 0; i < 8; i++) {
            int word = scaleLevel(i, largestScale) << 28;
            for (int k = 0; k < 4; k++) {
                word |= (block.signs[4 * i + k] & 127) << 7 * k;
            }
            for (int k = 0; k < 4; k++) {
                blocks[offset + 66 + 4 * i + k] = largestScale == 0 ? 0 : (byte) (word >>> 8 * k);
            }
        }
    }
}
