package io.nightshift.kernels.quantize;

import io.nightshift.kernels.GgmlType;
import io.nightshift.kernels.Lanes;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/**
 * Levels from the block's minimum up, {@code weight = scale * level + min}, in Q4_1 and Q5_1 (ggml-quants.c,
 * quantize_row_q4_1_ref and quantize_row_q5_1_ref).
 */
final class AffineBlockQuantizer extends LevelBlockQuantizer {
    private final int maxLevel;
    private final float[] largest = new float[CHUNK];

    AffineBlockQuantizer(GgmlType type, int maxLevel) {
        super(type, maxLevel);
        this.maxLevel = maxLevel;
        Arrays.fill(biases, 0.5f);
    }

    @Override
    void scale(float[] weights, int offset, int count) {
        BlockExtremes.ranges(weights, offset, count, bases, largest);
        scale(bases, largest, count, maxLevel, scales, inverses);
    }

    private static void scale(
            float[] smallest, float[] largest, int count, int maxLevel, float[] scales, float[] inverses) {
        for (int i = 0; i < count; i += LANES) {
            FloatVector min = FloatVector.fromArray(Lanes.FLOAT, smallest, i);
            FloatVector scale = FloatVector.fromArray(Lanes.FLOAT, largest, i).sub(min).div(maxLevel);
            FloatVector inverse = FloatVector.broadcast(Lanes.FLOAT, 1f).div(scale);
            // Infinite for a scale of 0 or nearly so. ggml's conversion of infinity and NaN to integers leaves level 0.
            VectorMask<Float> overflow = inverse.compare(VectorOperators.EQ, Float.POSITIVE_INFINITY);
            scale.intoArray(scales, i);
            inverse.blend(0f, overflow).intoArray(inverses, i);
        }
    }
}
