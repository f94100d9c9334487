package io.nightshift.kernels.rounding;

import io.nightshift.kernels.Lanes;
import io.nightshift.kernels.NearestInt;
import java.util.Objects;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/** All integers from the least to the largest level, each for itself. Ties go to the even one. */
public record IntegerLevels(int least, int largest) implements Levels {
    /**
     * Checks the range.
     *
     * @throws IllegalArgumentException if it does not fit a byte or is empty
     */
    public IntegerLevels {
        if (least < Byte.MIN_VALUE || largest > Byte.MAX_VALUE || least > largest) {
            throw new IllegalArgumentException("levels from " + least + " to " + largest + " do not fit a byte");
        }
    }

    @Override
    public float number(int level) {
        return least + Objects.checkIndex(level - least, largest - least + 1);
    }

    @Override
    public void round(float[] weights, int weightsAt, int count, float[] scales, float[] offsets, int groupsAt,
            int[] levels, float[] values) {
        for (int i = 0; i < count; i += Lanes.COUNT) {
            FloatVector scale = FloatVector.fromArray(Lanes.FLOAT, scales, groupsAt + i);
            FloatVector offset = FloatVector.fromArray(Lanes.FLOAT, offsets, groupsAt + i);
            FloatVector steps = FloatVector.fromArray(Lanes.FLOAT, weights, weightsAt + i).sub(offset).div(scale);
            FloatVector sum = steps.blend(0, scale.compare(VectorOperators.EQ, 0))
                    .max(least)
                    .min(largest)
                    .add(NearestInt.ROUNDING);
            sum.reinterpretAsInts().sub(NearestInt.ROUNDING_BITS).intoArray(levels, i);
            FloatVector number = sum.sub(NearestInt.ROUNDING);
            number.mul(scale).add(offset).intoArray(values, i);
        }
    }
}
