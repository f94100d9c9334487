package io.nightshift.kernels.rounding;

import io.nightshift.kernels.Lanes;
import io.nightshift.kernels.NearestInt;
import java.util.Arrays;
import java.util.Objects;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/** The levels 0, 1, ... of a table of ascending numbers. Ties go to the lower one. */
public final class TableLevels implements Levels {
    private static final long serialVersionUID = 1;

    private final float[] numbers;
    private final float[] midpoints;

    /**
     * Levels for numbers.
     *
     * @param numbers ascending, 2 to 128 of them
     * @throws IllegalArgumentException if they are not
     */
    public TableLevels(float... numbers) {
        if (numbers.length < 2 || numbers.length > Byte.MAX_VALUE + 1) {
            throw new IllegalArgumentException(numbers.length + " levels: a table has 2 to 128");
        }
        this.numbers = numbers.clone();
        this.midpoints = new float[numbers.length - 1];
        for (int i = 0; i < midpoints.length; i++) {
            if (!(numbers[i] < numbers[i + 1])) {
                throw new IllegalArgumentException("the numbers of levels must ascend: " + Arrays.toString(numbers));
            }
            midpoints[i] = (numbers[i] + numbers[i + 1]) / 2;
        }
    }

    @Override
    public int least() {
        return 0;
    }

    @Override
    public int largest() {
        return midpoints.length;
    }

    @Override
    public float number(int level) {
        return numbers[Objects.checkIndex(level, numbers.length)];
    }

    @Override
    public void round(float[] weights, int weightsAt, int count, float[] scales, float[] offsets, int groupsAt,
            int[] levels, float[] values) {
        for (int i = 0; i < count; i += Lanes.COUNT) {
            FloatVector scale = FloatVector.fromArray(Lanes.FLOAT, scales, groupsAt + i);
            FloatVector offset = FloatVector.fromArray(Lanes.FLOAT, offsets, groupsAt + i);
            FloatVector steps = FloatVector.fromArray(Lanes.FLOAT, weights, weightsAt + i).sub(offset).div(scale);
            steps = steps.blend(0, scale.compare(VectorOperators.EQ, 0));
            FloatVector number = FloatVector.broadcast(Lanes.FLOAT, numbers[0]);
            FloatVector level = FloatVector.zero(Lanes.FLOAT);
            for (int k = 0; k < midpoints.length; k++) {
                VectorMask<Float> above = steps.compare(VectorOperators.GT, midpoints[k]);
                number = number.blend(numbers[k + 1], above);
                level = level.blend(k + 1, above);
            }
            level.add(NearestInt.ROUNDING).reinterpretAsInts().sub(NearestInt.ROUNDING_BITS).intoArray(levels, i);
            number.mul(scale).add(offset).intoArray(values, i);
        }
    }
}
