package io.nightshift.kernels.quantize;

import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;

import io.nightshift.kernels.GgmlType;
import io.nightshift.kernels.Lanes;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorSpecies;

/**
 * Q3_K: 16 sub-blocks of 16 weights, quants of 3 bits from -4 to 3, scales of 6 bits from -32 to 31 (ggml-quants.c,
 * quantize_row_q3_K_ref and quantize_row_q3_K_impl).
 */
final class Q3KQuantizer extends SuperBlockQuantizer {
    private static final VectorSpecies<Float> FLOAT = Lanes.FLOAT;
    private static final VectorSpecies<Integer> INT = Lanes.INT;
    private static final int SUB_BLOCKS = 16;
    private static final int SUB_BLOCK = SIZE / SUB_BLOCKS;
    private static final int LEVELS = 4;
    private static final int SCALE_LEVELS = 32;

    private static final int LOWER_BITS_WORD = SIZE / 8 / 4;
    private static final int SCALES_WORD = LOWER_BITS_WORD + SIZE / 4 / 4;

    private final SymmetricScaleSearch search = new SymmetricScaleSearch(LEVELS);
    private final SymmetricScaleSearch scaleSearch = new SymmetricScaleSearch(SCALE_LEVELS);
    private final RefinedScaleSearch refinedSearch = new RefinedScaleSearch(SUB_BLOCKS, SUB_BLOCK, LEVELS);
    private final float[] sigma2 = new float[LANES];
    private final float[] subBlockImportance = new float[SUB_BLOCK * LANES];
    private final float[] sumsOfImportance = new float[SUB_BLOCKS * LANES];
    private final float[] scales = new float[SUB_BLOCKS * LANES];
    private final float[] inverseScales = new float[SUB_BLOCKS * LANES];
    private final float[] inverseSuperScales = new float[LANES];
    private final float[] rounded = new float[LANES];
    private final int[] scaleQuants = new int[SUB_BLOCKS / 4 * LANES];
    private final float[] steps = new float[SUB_BLOCKS * LANES];
    private final int[] quants = new int[SIZE / 4 * LANES];
    private final int[] searchQuants = new int[SIZE / 4 * LANES];

    Q3KQuantizer() {
        super(GgmlType.Q3_K);
    }

    @Override
    void quantizeGroup(boolean withImportance) {
        if (withImportance) {
            searchWithImportance();
        } else {
            refinedSearch.search(x, scales);
            findSuperScales(scales, inverseSuperScales, superScales);
        }
        roundToHalf(superScales, rounded);
        SymmetricQuants.multiply(scales, 0, SUB_BLOCKS, SCALE_LEVELS, inverseSuperScales, 0, scaleQuants);
        findSteps(scaleQuants, rounded, steps);
        for (int s = 0; s < SUB_BLOCKS; s++) {
            int first = s * SUB_BLOCK;
            if (SymmetricQuants.divide(x, first, SUB_BLOCK, LEVELS, steps, s, quants)) {
                if (withImportance) {
                    SymmetricQuants.multiply(x, first, SUB_BLOCK, LEVELS, inverseScales, s, searchQuants);
                } else {
                    refinedSearch.joinQuants(x, s, searchQuants);
                }
                SymmetricQuants.replaceWhereZero(steps, s, searchQuants, quants, first, SUB_BLOCK);
            }
        }
        pack(quants, packed);
        packScales(scaleQuants, packed);
    }

    private void searchWithImportance() {
        findSigma2(x, sigma2);
        for (int s = 0; s < SUB_BLOCKS; s++) {
            int offset = s * SUB_BLOCK * LANES;
            weigh(x, importance, offset, sigma2, subBlockImportance, sumsOfImportance, s);
            search.search(x, offset, subBlockImportance, 0, SUB_BLOCK, scales, inverseScales, s);
        }
        scaleSearch.search(scales, 0, sumsOfImportance, 0, SUB_BLOCKS, superScales, inverseSuperScales, 0);
    }

    /** Twice the mean square of the super-block, summed in the order of its weights. */
    private static void findSigma2(float[] x, float[] sigma2) {
        FloatVector sum = FloatVector.zero(FLOAT);
        for (int at = 0; at < SIZE * LANES; at += LANES) {
            FloatVector xi = FloatVector.fromArray(FLOAT, x, at);
            sum = sum.add(xi.mul(xi));
        }
        sum.mul(2f).div(SIZE).intoArray(sigma2, 0);
    }

    private static void weigh(
            float[] x, float[] importance, int offset, float[] sigma2, float[] weighed, float[] sums, int s) {
        FloatVector sigma = FloatVector.fromArray(FLOAT, sigma2, 0);
        FloatVector sum = FloatVector.zero(FLOAT);
        for (int at = 0; at < SUB_BLOCK * LANES; at += LANES) {
            FloatVector xi = FloatVector.fromArray(FLOAT, x, offset + at);
            FloatVector w = FloatVector.fromArray(FLOAT, importance, offset + at).mul(sigma.add(xi.mul(xi)).sqrt());
            w.intoArray(weighed, at);
            sum = sum.add(w);
        }
        sum.intoArray(sums, s * LANES);
    }

    /** What takes the scale of the largest magnitude to -32, and its inverse: both 0 where all scales are. */
    private static void findSuperScales(float[] scales, float[] inverses, float[] superScales) {
        FloatVector zero = FloatVector.zero(FLOAT);
        FloatVector max = zero;
        FloatVector largest = zero;
        for (int at = 0; at < SUB_BLOCKS * LANES; at += LANES) {
            FloatVector scale = FloatVector.fromArray(FLOAT, scales, at);
            FloatVector magnitude = scale.abs();
            VectorMask<Float> larger = magnitude.compare(GT, largest);
            largest = largest.blend(magnitude, larger);
            max = max.blend(scale, larger);
        }
        VectorMask<Float> used = largest.compare(GT, zero);
        FloatVector inverse = FloatVector.broadcast(FLOAT, -SCALE_LEVELS).div(max);
        zero.blend(inverse, used).intoArray(inverses, 0);
        zero.blend(FloatVector.broadcast(FLOAT, 1f).div(inverse), used).intoArray(superScales, 0);
    }

    private static void findSteps(int[] scaleQuants, float[] rounded, float[] steps) {
        FloatVector superScale = FloatVector.fromArray(FLOAT, rounded, 0);
        for (int s = 0; s < SUB_BLOCKS; s++) {
            IntVector quant = IntVector.fromArray(INT, scaleQuants, s / 4 * LANES)
                    .lanewise(LSHR, IntVector.broadcast(INT, s % 4 * 8))
                    .and(0xff)
                    .sub(SCALE_LEVELS);
            superScale.mul((FloatVector) quant.convert(I2F, 0)).intoArray(steps, s * LANES);
        }
    }

    /** The upper bit of weights 32 apart in one byte, then, for each half of the super-block, their lower two bits. */
    private static void pack(int[] quants, int[] packed) {
        for (int i = 0; i < 8; i++) {
            IntVector upper = IntVector.zero(INT);
            for (int half = 0; half < 2; half++) {
                IntVector lower = IntVector.zero(INT);
                for (int quarter = 3; quarter >= 0; quarter--) {
                    IntVector word = IntVector.fromArray(INT, quants, (half * 32 + quarter * 8 + i) * LANES);
                    lower = lower.lanewise(LSHL, 2).or(word.and(0x03030303));
                    IntVector place = IntVector.broadcast(INT, half * 4 + quarter);
                    upper = upper.or(word.and(0x04040404).lanewise(LSHR, 2).lanewise(LSHL, place));
                }
                lower.intoArray(packed, (LOWER_BITS_WORD + half * 8 + i) * LANES);
            }
            upper.intoArray(packed, i * LANES);
        }
    }

    /** The lower four bits of scales 8 apart in one byte, then the upper two bits of scales 4 apart. */
    private static void packScales(int[] scaleQuants, int[] packed) {
        IntVector a = IntVector.fromArray(INT, scaleQuants, 0);
        IntVector b = IntVector.fromArray(INT, scaleQuants, LANES);
        IntVector c = IntVector.fromArray(INT, scaleQuants, 2 * LANES);
        IntVector d = IntVector.fromArray(INT, scaleQuants, 3 * LANES);
        int at = SCALES_WORD * LANES;
        a.and(0x0f0f0f0f).or(c.and(0x0f0f0f0f).lanewise(LSHL, 4)).intoArray(packed, at);
        b.and(0x0f0f0f0f).or(d.and(0x0f0f0f0f).lanewise(LSHL, 4)).intoArray(packed, at + LANES);
        IntVector upper = a.lanewise(LSHR, 4).and(0x03030303)
                .or(b.lanewise(LSHR, 2).and(0x0c0c0c0c))
                .or(c.and(0x30303030))
                .or(d.lanewise(LSHL, 2).and(0xc0c0c0c0));
        upper.intoArray(packed, at + 2 * LANES);
    }
}
