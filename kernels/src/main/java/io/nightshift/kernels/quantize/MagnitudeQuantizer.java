package io.nightshift.kernels.quantize;

import io.nightshift.kernels.Codebooks.Grid;
import io.nightshift.kernels.GgmlType;
import io.nightshift.kernels.HalfFloat;
import io.nightshift.kernels.NearestInt;
import java.util.Arrays;

/**
 * Super-blocks of 256 weights whose magnitudes are rounded to points of a lattice and whose signs are stored apart:
 * IQ2_XXS, IQ2_XS, IQ2_S, IQ3_XXS, IQ3_S.
 *
 * <p>A sub-block's scale is the best of some candidates; it then rounds the weights once more, and is fitted to what
 * that gave.
 */
abstract sealed class MagnitudeQuantizer implements RowQuantizer
        permits IQ2XXSQuantizer, IQ2XSQuantizer, IQ2SQuantizer, IQ3XXSQuantizer, IQ3SQuantizer {
    static final int SIZE = MagnitudeBlock.SIZE;

    /** What the levels stand for at a scale of 1. */
    private static final float[] VALUES = {1, 3, 5, 7, 9, 11, 13, 15};

    /** Which groups the chosen scale rounds once more. */
    enum Refinement {
        /** All of them. */
        ALWAYS,
        /** All of them, if rounding to the candidate missed the lattice in any. */
        WHERE_ANY_MISSED,
        /** Those where rounding to the candidate missed the lattice. */
        ONLY_MISSED
    }

    private final GgmlType type;
    private final Lattice lattice;
    private final ScaleCandidates candidates;
    private final NearestPoint nearestPoint;
    private final Refinement refinement;
    private final float smallest;
    private final int[] codes;

    /** Weights a sub-block. */
    final int length;

    /** The super-block's magnitudes and signs, as written. */
    final MagnitudeBlock block = new MagnitudeBlock();

    /** Of each sub-block, 0 for one that is skipped. */
    final float[] scales;

    /** Which sub-blocks have points at all. */
    final boolean[] used;

    /** The points, 0 in sub-blocks that are skipped. */
    final int[] points;

    MagnitudeQuantizer(
            GgmlType type, Grid grid, int length, int steps, float step, Refinement refinement, float smallest) {
        this.type = type;
        this.length = length;
        this.refinement = refinement;
        this.smallest = smallest;
        lattice = Lattice.of(grid);
        candidates = new ScaleCandidates(lattice, length, steps, step);
        nearestPoint = new NearestPoint(lattice);
        codes = new int[length / lattice.dimensions()];
        scales = new float[SIZE / length];
        used = new boolean[SIZE / length];
        points = new int[SIZE / lattice.dimensions()];
    }

    @Override
    public final GgmlType type() {
        return type;
    }

    @Override
    public final void quantize(
            float[] weights,
            int weightsOffset,
            int rows,
            int columns,
            float[] importance,
            int importanceOffset,
            byte[] blocks,
            int blocksOffset) {
        int count = Math.toIntExact(rows * type.rowBytes(columns) / type.blockBytes());
        for (int i = 0; i < count; i++) {
            block.load(weights, weightsOffset + i * SIZE);
            int column = i * SIZE % columns;
            weigh(importance, importanceOffset + column);
            search();
            int offset = blocksOffset + i * type.blockBytes();
            float largest = 0;
            for (float scale : scales) {
                largest = Math.max(largest, scale);
            }
            write(largest, blocks, offset);
        }
    }

    /** Sets what errors weigh, and which signs change. */
    abstract void weigh(float[] importance, int offset);

    /** What the numerators of the candidates are divided by, for a sub-block whose largest magnitude is given. */
    float unit(int subBlock, float largest) {
        return largest;
    }

    /** The scale of a sub-block of that unit where no candidate is better than nothing. */
    float defaultScale(float unit) {
        return unit / (2 * lattice.levels() - 1);
    }

    /** Writes the block. */
    abstract void write(float largestScale, byte[] blocks, int offset);

    /** The refusal of a type that ggml does not make without importance. */
    final IllegalArgumentException needsImportance() {
        return new IllegalArgumentException(type + " cannot be made without importance: give an importance matrix");
    }

    /** Writes the scale of the super-block in half precision. */
    static void writeScale(float scale, byte[] blocks, int offset) {
        short half = HalfFloat.fromFloat(scale);
        blocks[offset] = (byte) half;
        blocks[offset + 1] = (byte) (half >> 8);
    }

    /** The scale of a sub-block in 4 bits, as half an odd multiple of the super-block's. */
    final int scaleLevel(int subBlock, float largestScale) {
        if (largestScale == 0) {
            return 0;
        }
        float inverse = 1 / (largestScale / 31);
        return Math.max(0, Math.min(15, NearestInt.of(0.5f * (inverse * scales[subBlock] - 1))));
    }

    /** Writes the scales of the sub-blocks, two a byte. */
    final void writeScaleLevels(float largestScale, byte[] blocks, int offset) {
        for (int i = 0; i < scales.length; i += 2) {
            blocks[offset + i / 2] = (byte) (scaleLevel(i, largestScale) | scaleLevel(i + 1, largestScale) << 4);
        }
    }

    private void search() {
        for (int i = 0; i < scales.length; i++) {
            float largest = block.largest(i * length, length);
            float unit = largest < smallest ? 0 : unit(i, largest);
            used[i] = !(unit <= 0);
            if (used[i]) {
                scales[i] = fit(i * length, unit);
            } else {
                scales[i] = 0;
                Arrays.fill(codes, 0);
                clearSigns(i);
            }
            if (scales[i] < 0) {
                scales[i] = -scales[i];
                invertSigns(i);
            }
            if (Float.isNaN(scales[i])) {
                throw NearestPoint.tooLarge();
            }
            for (int k = 0; k < codes.length; k++) {
                points[i * codes.length + k] = lattice.point(codes[k]);
            }
        }
    }

    private void clearSigns(int subBlock) {
        for (int k = subBlock * length / 8; k < (subBlock + 1) * length / 8; k++) {
            block.signs[k] = 0;
        }
    }

    private void invertSigns(int subBlock) {
        for (int k = subBlock * length / 8; k < (subBlock + 1) * length / 8; k++) {
            block.signs[k] ^= 255;
        }
    }

    /** Finds the scale of a sub-block and the codes of its points. */
    private float fit(int at, float unit) {
        float[] x = block.magnitudes;
        float scale = candidates.choose(x, block.errorWeights, block.roots, at, unit, defaultScale(unit));
        boolean missed = false;
        for (int k = 0; k < codes.length; k++) {
            codes[k] = candidates.chosen() ? candidates.code(k) : 0;
            missed |= misses(k);
        }
        if (!(scale > 0) || !missed && refinement != Refinement.ALWAYS) {
            return scale;
        }
        float inverse = 1 / scale;
        for (int k = 0; k < codes.length; k++) {
            if (refinement != Refinement.ONLY_MISSED || misses(k)) {
                int group = at + k * lattice.dimensions();
                codes[k] = nearestPoint.find(round(x, group, inverse), x, block.roots, group, scale, VALUES);
            }
        }
        return fitToCodes(at, scale);
    }

    private boolean misses(int group) {
        return candidates.chosen() ? !candidates.onGrid(group) : refinement != Refinement.ONLY_MISSED;
    }

    private int round(float[] x, int at, float inverse) {
        int code = 0;
        int highest = lattice.levels() - 1;
        for (int i = lattice.dimensions() - 1; i >= 0; i--) {
            int level = NearestInt.of(0.5f * (inverse * x[at + i] - 1));
            code = code << lattice.bits() | Math.max(0, Math.min(highest, level));
        }
        return code;
    }

    private float fitToCodes(int at, float scale) {
        float sumXQ = 0;
        float sumQ2 = 0;
        int i = at;
        int mask = (1 << lattice.bits()) - 1;
        for (int code : codes) {
            int rest = code;
            for (int end = i + lattice.dimensions(); i < end; i++) {
                float q = VALUES[rest & mask];
                rest >>>= lattice.bits();
                float w = block.errorWeights[i];
                sumXQ += w * block.magnitudes[i] * q;
                sumQ2 += w * q * q;
            }
        }
        return sumQ2 > 0 ? sumXQ / sumQ2 : scale;
    }
}
