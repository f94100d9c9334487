package io.nightshift.kernels.quantize;

import io.nightshift.kernels.Lanes;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;

/**
 * Two groups of blocks of 32 weights, a block a lane, with what a search for their scales needs: weight {@code i} of lane
 * {@code j} stands at {@code i * Lanes.COUNT + j}, and the second group behind the first.
 */
final class BlockLanes {
    /** Blocks in two groups. */
    static final int BLOCKS = 2 * Lanes.COUNT;

    private static final int SIZE = BlockExtremes.SIZE;
    private static final int LANES = Lanes.COUNT;
    private static final VarHandle WORD = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

    /** Values a group. */
    static final int GROUP = SIZE * LANES;

    /** The weights. */
    final float[] x = new float[2 * GROUP];

    /** The levels found, four to a word: the word of levels {@code 4 * k} to {@code 4 * k + 3} is element {@code k}. */
    final int[] levels = new int[2 * GROUP / Integer.BYTES];

    private final float[] importance = new float[2 * GROUP];
    private final float[] variances = new float[BLOCKS];

    /** Puts a block without importance into a lane, from 0 to {@link #BLOCKS}. */
    void load(int lane, float[] weights, int offset) {
        spread(weights, offset, x, lane / LANES * GROUP + lane % LANES);
    }

    /** Puts a block into a lane, from 0 to {@link #BLOCKS}. */
    void load(int lane, float[] weights, int offset, float[] importance, int importanceOffset, float variance) {
        int first = lane / LANES * GROUP + lane % LANES;
        spread(weights, offset, x, first);
        spread(importance, importanceOffset, this.importance, first);
        variances[lane] = variance;
    }

    /** How much the error of each weight counts: its importance times the root of its square plus the row's variance. */
    void weigh(float[] errorWeights) {
        weigh(x, importance, variances, 0, errorWeights);
        weigh(x, importance, variances, 1, errorWeights);
    }

    /** Writes a lane's levels in their order. */
    void store(int lane, byte[] target, int offset) {
        int first = lane / LANES * (GROUP / Integer.BYTES) + lane % LANES;
        for (int i = 0; i < SIZE / Integer.BYTES; i++) {
            WORD.set(target, offset + i * Integer.BYTES, levels[first + i * LANES]);
        }
    }

    private static void spread(float[] source, int offset, float[] target, int first) {
        for (int i = 0; i < SIZE; i++) {
            target[first + i * LANES] = source[offset + i];
        }
    }

    private static void weigh(float[] x, float[] importance, float[] variances, int group, float[] errorWeights) {
        FloatVector variance = FloatVector.fromArray(Lanes.FLOAT, variances, group * LANES);
        for (int i = group * GROUP; i < (group + 1) * GROUP; i += LANES) {
            FloatVector weight = FloatVector.fromArray(Lanes.FLOAT, x, i);
            FloatVector root = variance.add(weight.mul(weight)).sqrt();
            FloatVector.fromArray(Lanes.FLOAT, importance, i).mul(root).intoArray(errorWeights, i);
        }
    }
}
