package io.nightshift.kernels.quantize;

import io.nightshift.kernels.Codebooks.Grid;
import io.nightshift.kernels.GgmlType;
import io.nightshift.kernels.Lanes;

/**
 * IQ2_XXS: sub-blocks of 32 weights, 256 points of 8, an even number of minuses in each 8 (ggml-quants.c,
 * quantize_row_iq2_xxs_impl).
 */
final class IQ2XXSQuantizer extends MagnitudeQuantizer {
    private static final int SUB_BLOCK = 32;
    private static final int SUB_BLOCKS = SIZE / SUB_BLOCK;
    private static final int LANES = Lanes.COUNT;
    private static final int LEVELS = 3;

    /** The unit about which candidates are tried is a scale already: that for levels of 0 to 4. */
    private final ScaleRounding rounding = new ScaleRounding(SUB_BLOCK, LEVELS + 1);

    private final float[] laneMagnitudes = new float[SUB_BLOCK * LANES];
    private final float[] laneWeights = new float[SUB_BLOCK * LANES];
    private final int[] laneLevels = new int[SUB_BLOCK * LANES];
    private final float[] laneUnits = new float[LANES];
    private final float[] firstScales = new float[SUB_BLOCKS];

    IQ2XXSQuantizer() {
        super(GgmlType.IQ2_XXS, Grid.IQ2XXS, SUB_BLOCK, 6, 0.1f, Refinement.ALWAYS, 1e-15f);
    }

    @Override
    void weigh(float[] importance, int offset) {
        if (importance == null) {
            throw needsImportance();
        }
        block.weigh(block.variance(1), importance, offset);
        block.makeEven();
        for (int first = 0; first < SUB_BLOCKS; first += LANES) {
            for (int lane = 0; lane < LANES; lane++) {
                int from = (first + lane) % SUB_BLOCKS * SUB_BLOCK;
                for (int i = 0; i < SUB_BLOCK; i++) {
                    laneMagnitudes[i * LANES + lane] = block.magnitudes[from + i];
                    laneWeights[i * LANES + lane] = block.errorWeights[from + i];
                }
            }
            rounding.leastSquares(laneMagnitudes, laneWeights, laneLevels, laneUnits);
            System.arraycopy(laneUnits, 0, firstScales, first, Math.min(LANES, SUB_BLOCKS));
        }
    }

    @Override
    float unit(int subBlock, float largest) {
        return firstScales[subBlock] * LEVELS;
    }

    @Override
    float defaultScale(float unit) {
        return unit / LEVELS;
    }

    @Override
    void write(float largestScale, byte[] blocks, int offset) {
        writeScale(largestScale / 31, blocks, offset);
        for (int i = 0; i < SUB_BLOCKS; i++) {
            int word = scaleLevel(i, largestScale) << 28;
            for (int k = 0; k < 4; k++) {
                blocks[offset + 2 + 8 * i + k] = (byte) points[4 * i + k];
                word |= (block.signs[4 * i + k] & 127) << 7 * k;
            }
            for (int k = 0; k < 4; k++) {
                blocks[offset + 6 + 8 * i + k] = (byte) (word >>> 8 * k);
            }
        }
    }
}
