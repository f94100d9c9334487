package io.nightshift.kernels.quantize;

import io.nightshift.kernels.GgmlType;
import io.nightshift.kernels.Lanes;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/**
 * Levels about zero, {@code weight = scale * (level - 8)} in Q4_0 and {@code scale * (level - 16)} in Q5_0: the weight that is
 * furthest from zero has level 0 (ggml-quants.c, quantize_row_q4_0_ref and quantize_row_q5_0_ref), or with importance the
 * scale is searched (quantize_row_q4_0_impl and quantize_row_q5_0_impl).
 */
final class SymmetricBlockQuantizer extends LevelBlockQuantizer {
    private final int half;
    private final float[] furthest = new float[CHUNK];
    private final SymmetricScaleSearch search;
    private final float[] errorWeights = new float[2 * BlockLanes.GROUP];

    /** @param half how many levels are below zero */
    SymmetricBlockQuantizer(GgmlType type, int half) {
        super(type, 2 * half - 1);
        this.half = half;
        search = new SymmetricScaleSearch(half);
    }

    @Override
    void scale(float[] weights, int offset, int count) {
        BlockExtremes.furthestFromZero(weights, offset, count, furthest);
        scale(furthest, count, half, scales, inverses, biases);
    }

    @Override
    void search(BlockLanes lanes, int first) {
        lanes.weigh(errorWeights);
        for (int group = 0; group < 2; group++) {
            int at = group * BlockLanes.GROUP;
            int result = first / LANES + group;
            search.search(lanes.x, at, errorWeights, at, SIZE, scales, inverses, result);
            SymmetricQuants.multiply(lanes.x, group * SIZE, SIZE, half, inverses, result, lanes.levels);
        }
    }

    private static void scale(float[] furthest, int count, int half, float[] scales, float[] inverses, float[] biases) {
        for (int i = 0; i < count; i += LANES) {
            FloatVector scale = FloatVector.fromArray(Lanes.FLOAT, furthest, i).div(-half);
            FloatVector inverse = FloatVector.broadcast(Lanes.FLOAT, 1f).div(scale);
            inverse = inverse.blend(0f, scale.compare(VectorOperators.EQ, 0f));
            // Where the inverse overflows, ggml's conversion of infinity and NaN to integers leaves level 0.
            VectorMask<Float> overflow = inverse.abs().compare(VectorOperators.EQ, Float.POSITIVE_INFINITY);
            scale.intoArray(scales, i);
            inverse.blend(0f, overflow).intoArray(inverses, i);
            FloatVector.broadcast(Lanes.FLOAT, half + 0.5f).blend(0f, overflow).intoArray(biases, i);
        }
    }
}
