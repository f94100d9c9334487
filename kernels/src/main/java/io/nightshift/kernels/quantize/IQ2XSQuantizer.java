package io.nightshift.kernels.quantize;

import io.nightshift.kernels.Codebooks.Grid;
import io.nightshift.kernels.GgmlType;

/**
 * IQ2_XS: sub-blocks of 16 weights, 512 points of 8, an even number of minuses in each 8 (ggml-quants.c,
 * quantize_row_iq2_xs_impl).
 */
final class IQ2XSQuantizer extends MagnitudeQuantizer {
    IQ2XSQuantizer() {
        super(GgmlType.IQ2_XS, Grid.IQ2XS, 16, 9, 0.1f, Refinement.ONLY_MISSED, 1e-15f);
    }

    @Override
    void weigh(float[] importance, int offset) {
        if (importance == null) {
            throw needsImportance();
        }
        block.weigh(block.variance(1), importance, offset);
        block.makeEven();
    }

    @Override
    void write(float largestScale, byte[] blocks, int offset) {
        writeScale(largestScale / 31, blocks, offset);
        for (int k = 0; k < points.length; k++) {
            int word = largestScale == 0 ? 0 : points[k] | (block.signs[k] & 127) << 9;
            blocks[offset + 2 + 2 * k] = (byte) word;
            blocks[offset + 3 + 2 * k] = (byte) (word >> 8);
        }
        writeScaleLevels(largestScale, blocks, offset + 66);
    }
}
