package io.nightshift.kernels.quantize;

import io.nightshift.kernels.GgmlType;
import io.nightshift.kernels.Lanes;
import io.nightshift.kernels.NearestInt;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/**
 * Levels from the block's minimum up, {@code weight = scale * level + min}, in Q4_1 and Q5_1 (ggml-quants.c,
 * quantize_row_q4_1_ref and quantize_row_q5_1_ref), or with importance from a searched minimum
 * (quantize_row_q4_1_impl and quantize_row_q5_1_impl).
 */
final class AffineBlockQuantizer extends LevelBlockQuantizer {
    private final int maxLevel;
    private final float[] largest = new float[CHUNK];
    private final ScaleMinSearch search;
    private final ScaleMins fits = new ScaleMins(BlockLanes.BLOCKS);

    AffineBlockQuantizer(GgmlType type, int maxLevel) {
        super(type, maxLevel);
        this.maxLevel = maxLevel;
        search = new ScaleMinSearch(SIZE, maxLevel, -0.9f, 0.05f, 36, false);
        Arrays.fill(biases, 0.5f);
    }

    @Override
    void scale(float[] weights, int offset, int count) {
        BlockExtremes.ranges(weights, offset, count, bases, largest);
        scale(bases, largest, count, maxLevel, scales, inverses);
    }

    @Override
    void search(BlockLanes lanes, int first) {
        lanes.weigh(search.errorWeights);
        search.search(lanes.x, 0, fits, 0);
        for (int block = 0; block < BlockLanes.BLOCKS; block++) {
            scales[first + block] = fits.scales[block];
            bases[first + block] = -fits.mins[block];
        }
        round(lanes.x, 0, fits, maxLevel, lanes.levels);
        round(lanes.x, 1, fits, maxLevel, lanes.levels);
    }

    /** The levels of a group that the search has chosen, rounded as in {@link NearestInt}. */
    private static void round(float[] x, int group, ScaleMins fits, int maxLevel, int[] levels) {
        FloatVector inverse = FloatVector.fromArray(Lanes.FLOAT, fits.inverses, group * LANES);
        FloatVector base = FloatVector.fromArray(Lanes.FLOAT, fits.bases, group * LANES);
        for (int i = group * BlockLanes.GROUP; i < (group + 1) * BlockLanes.GROUP; i += 4 * LANES) {
            IntVector word = IntVector.zero(Lanes.INT);
            for (int k = 0; k < 4; k++) {
                FloatVector above = FloatVector.fromArray(Lanes.FLOAT, x, i + k * LANES).sub(base);
                IntVector bits = above.mul(inverse).add(NearestInt.ROUNDING).reinterpretAsInts();
                IntVector level = bits.and(0x7fffff).sub(0x400000).max(0).min(maxLevel);
                word = word.or(level.lanewise(VectorOperators.LSHL, IntVector.broadcast(Lanes.INT, 8 * k)));
            }
            word.intoArray(levels, i / 4);
        }
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
