package io.nightshift.kernels.rounding;

import io.nightshift.kernels.Lanes;
import io.nightshift.kernels.NearestInt;
import java.util.Objects;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * All integers from the least to the largest level, each for itself, in formats whose readers multiply level and scale in
 * half precision: a value is the product rounded to a half. Ties between levels go to the even one.
 */
public record HalfLevels(int least, int largest) implements Levels {
    /** The least exponent of a normal half, and what lifts a power of two so that an ulp of the sum is a half's. */
    private static final int LEAST_EXPONENT = 0x38800000;
    private static final int LIFT = 13 << 23;

    /**
     * Checks the range.
     *
     * @throws IllegalArgumentException if it does not fit a byte or is empty
     */
    public HalfLevels {
        if (least < Byte.MIN_VALUE || largest > Byte.MAX_VALUE || least > largest) {
            throw new IllegalArgumentException("levels from " + least + " to " + largest + " do not fit a byte");
        }
    }

    @Override
    public float number(int level) {
        return least + Objects.checkIndex(level - least, largest - least + 1);
    }

    /** Scales are halves, offsets are zero: the latter are not read. */
    @Override
    public void round(float[] weights, int weightsAt, int count, float[] scales, float[] offsets, int groupsAt,
            int[] levels, float[] values) {
        for (int i = 0; i < count; i += Lanes.COUNT) {
            FloatVector scale = FloatVector.fromArray(Lanes.FLOAT, scales, groupsAt + i);
            FloatVector steps = FloatVector.fromArray(Lanes.FLOAT, weights, weightsAt + i).div(scale);
            FloatVector sum = steps.blend(0, scale.compare(VectorOperators.EQ, 0))
                    .max(least)
                    .min(largest)
                    .add(NearestInt.ROUNDING);
            sum.reinterpretAsInts().sub(NearestInt.ROUNDING_BITS).intoArray(levels, i);
            FloatVector number = sum.sub(NearestInt.ROUNDING);
            IntVector product = number.mul(scale).reinterpretAsInts();
            IntVector magnitude = product.and(Integer.MAX_VALUE);
            FloatVector lift = magnitude.and(0x7f800000).max(LEAST_EXPONENT).add(LIFT).reinterpretAsFloats();
            magnitude.reinterpretAsFloats().add(lift).sub(lift).reinterpretAsInts()
                    .or(product.and(Integer.MIN_VALUE))
                    .reinterpretAsFloats()
                    .intoArray(values, i);
        }
    }
}
