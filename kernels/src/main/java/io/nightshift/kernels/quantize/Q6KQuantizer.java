package io.nightshift.kernels.quantize;

import static jdk.incubator.vector.VectorOperators.GE;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.NE;

import io.nightshift.kernels.GgmlType;
import io.nightshift.kernels.Lanes;
import io.nightshift.kernels.NearestInt;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorSpecies;

/**
 * Q6_K: 16 sub-blocks of 16 weights, quants of 6 bits from -32 to 31, scales of 8 bits (ggml-quants.c,
 * quantize_row_q6_K_ref and quantize_row_q6_K_impl).
 *
 * <p>Without importance the search weighs each weight by its square.
 */
final class Q6KQuantizer extends SuperBlockQuantizer {
    private static final VectorSpecies<Float> FLOAT = Lanes.FLOAT;
    private static final VectorSpecies<Integer> INT = Lanes.INT;
    private static final int SUB_BLOCKS = 16;
    private static final int SUB_BLOCK = SIZE / SUB_BLOCKS;
    private static final int LEVELS = 32;

    private static final int UPPER_BITS_WORD = SIZE / 2 / 4;
    private static final int SCALES_WORD = UPPER_BITS_WORD + SIZE / 4 / 4;

    private final SymmetricScaleSearch search = new SymmetricScaleSearch(LEVELS);
    private final float[] squares = new float[SUB_BLOCK * LANES];
    private final float[] scales = new float[SUB_BLOCKS * LANES];
    private final float[] inverseScales = new float[SUB_BLOCKS * LANES];
    private final float[] inverseSuperScales = new float[LANES];
    private final float[] rounded = new float[LANES];
    private final float[] steps = new float[SUB_BLOCKS * LANES];
    private final int[] quants = new int[SIZE / 4 * LANES];
    private final int[] searchQuants = new int[SIZE / 4 * LANES];

    Q6KQuantizer() {
        super(GgmlType.Q6_K);
    }

    @Override
    void quantizeGroup(boolean withImportance) {
        for (int s = 0; s < SUB_BLOCKS; s++) {
            int offset = s * SUB_BLOCK * LANES;
            if (withImportance) {
                search.search(x, offset, importance, offset, SUB_BLOCK, scales, inverseScales, s);
            } else {
                square(x, offset, squares);
                search.search(x, offset, squares, 0, SUB_BLOCK, scales, inverseScales, s);
            }
        }
        findSuperScales(scales, inverseSuperScales, superScales);
        roundToHalf(superScales, rounded);
        quantizeScales(scales, inverseSuperScales, rounded, steps, packed);
        for (int s = 0; s < SUB_BLOCKS; s++) {
            int first = s * SUB_BLOCK;
            if (SymmetricQuants.divide(x, first, SUB_BLOCK, LEVELS, steps, s, quants)) {
                SymmetricQuants.multiply(x, first, SUB_BLOCK, LEVELS, inverseScales, s, searchQuants);
                SymmetricQuants.replaceWhereZero(steps, s, searchQuants, quants, first, SUB_BLOCK);
            }
        }
        pack(quants, inverseSuperScales, packed);
    }

    private static void square(float[] x, int offset, float[] squares) {
        for (int i = 0; i < squares.length; i += LANES) {
            FloatVector xi = FloatVector.fromArray(FLOAT, x, offset + i);
            xi.mul(xi).intoArray(squares, i);
        }
    }

    /** What takes the scale of the largest magnitude to -128, and its inverse: both 0 where all scales are. */
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
        VectorMask<Float> used = largest.compare(GE, SymmetricScaleSearch.ZERO);
        FloatVector inverse = FloatVector.broadcast(FLOAT, -128f).div(max);
        zero.blend(inverse, used).intoArray(inverses, 0);
        zero.blend(FloatVector.broadcast(FLOAT, 1f).div(inverse), used).intoArray(superScales, 0);
    }

    /** Scales of 8 bits, four a word, and the steps between quants that follow from them. */
    private static void quantizeScales(
            float[] scales, float[] inverses, float[] rounded, float[] steps, int[] packed) {
        FloatVector inverse = FloatVector.fromArray(FLOAT, inverses, 0);
        FloatVector superScale = FloatVector.fromArray(FLOAT, rounded, 0);
        for (int word = 0; word < SUB_BLOCKS / 4; word++) {
            IntVector joined = IntVector.zero(INT);
            for (int i = 0; i < 4; i++) {
                int at = (word * 4 + i) * LANES;
                FloatVector scale = FloatVector.fromArray(FLOAT, scales, at);
                IntVector bits = inverse.mul(scale).add(NearestInt.ROUNDING).reinterpretAsInts();
                IntVector quant = bits.and(NearestInt.MANTISSA).sub(NearestInt.HALF).min(127);
                superScale.mul((FloatVector) quant.convert(I2F, 0)).intoArray(steps, at);
                joined = joined.lanewise(LSHR, 8).or(quant.lanewise(LSHL, 24));
            }
            joined.intoArray(packed, (SCALES_WORD + word) * LANES);
        }
    }

    /**
     * Lower four and upper two bits of the quants. In each half of a super-block a byte holds the lower bits of weights 64
     * apart, and the upper bits of weights 32 apart. Where all scales are zero, so is the whole block.
     */
    private static void pack(int[] quants, float[] inverses, int[] packed) {
        IntVector used = SymmetricQuants.bits(FloatVector.fromArray(FLOAT, inverses, 0).compare(NE, 0f));
        for (int i = 0; i < 16; i++) {
            int half = i / 8;
            int first = (half * 32 + i % 8) * LANES;
            IntVector a = IntVector.fromArray(INT, quants, first).and(used);
            IntVector b = IntVector.fromArray(INT, quants, first + 8 * LANES).and(used);
            IntVector c = IntVector.fromArray(INT, quants, first + 16 * LANES).and(used);
            IntVector d = IntVector.fromArray(INT, quants, first + 24 * LANES).and(used);
            int lower = (half * 16 + i % 8) * LANES;
            lowerBits(a, c).intoArray(packed, lower);
            lowerBits(b, d).intoArray(packed, lower + 8 * LANES);
            IntVector upper = a.lanewise(LSHR, 4).and(0x03030303)
                    .or(b.lanewise(LSHR, 2).and(0x0c0c0c0c))
                    .or(c.and(0x30303030))
                    .or(d.lanewise(LSHL, 2).and(0xc0c0c0c0));
            upper.intoArray(packed, (UPPER_BITS_WORD + i) * LANES);
        }
        for (int at = SCALES_WORD * LANES; at < packed.length; at += LANES) {
            IntVector.fromArray(INT, packed, at).and(used).intoArray(packed, at);
        }
    }

    private static IntVector lowerBits(IntVector first, IntVector second) {
        return first.and(0x0f0f0f0f).or(second.and(0x0f0f0f0f).lanewise(LSHL, 4));
    }
}
