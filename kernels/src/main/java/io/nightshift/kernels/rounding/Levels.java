package io.nightshift.kernels.rounding;

import java.io.Serializable;

/**
 * What may stand in the place of a weight: a few levels, each of which stands for a number. A weight's value is that number
 * times the scale of its group, plus the group's offset.
 */
public sealed interface Levels extends Serializable permits IntegerLevels, HalfLevels, TableLevels {
    /** The least level, at least -128. */
    int least();

    /** The largest level, at most 127. */
    int largest();

    /**
     * The number that a level stands for.
     *
     * @throws IndexOutOfBoundsException if there is no such level
     */
    float number(int level);

    /**
     * Rounds weights to the nearest level, one vector after another. A group whose scale is zero has but one value: its
     * weights get level 0, or the nearest to it.
     *
     * @param weights {@code count} weights from {@code weightsAt}; finite
     * @param count a multiple of the lanes of a vector of floats
     * @param scales each weight's scale, from {@code groupsAt}; offsets likewise
     * @param levels receives the levels, from 0
     * @param values receives what they stand for, from 0
     */
    void round(float[] weights, int weightsAt, int count, float[] scales, float[] offsets, int groupsAt,
            int[] levels, float[] values);
}
