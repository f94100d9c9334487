package io.nightshift.kernels.quantize;

import io.nightshift.kernels.Lanes;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * Moves super-blocks of 256 weights into lanes and their bytes out of them.
 *
 * <p>A group is {@link Lanes#COUNT} super-blocks, one a lane: value {@code i} of the super-block in lane {@code j} stands at
 * {@code i * Lanes.COUNT + j}. So every sum over a super-block keeps its order, whatever the lane width.
 */
final class SuperBlockLanes {
    /** Weights a super-block. */
    static final int WEIGHTS = 256;

    private static final int LANES = Lanes.COUNT;
    private static final VarHandle WORD = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

    private SuperBlockLanes() {}

    /**
     * Puts a group of super-blocks into lanes, the last one into all lanes that there are too many.
     *
     * @param first index of the first super-block
     * @param last index of the last
     * @param period after how many super-blocks {@code source} begins again: those of a row for columns' importance
     */
    static void load(float[] source, int offset, int first, int last, int period, float[] lanes) {
        for (int lane = 0; lane < LANES; lane += LaneTransposition.TOGETHER) {
            int a = offset + Math.min(first + lane, last) % period * WEIGHTS;
            int b = offset + Math.min(first + lane + 1, last) % period * WEIGHTS;
            int c = offset + Math.min(first + lane + 2, last) % period * WEIGHTS;
            int d = offset + Math.min(first + lane + 3, last) % period * WEIGHTS;
            LaneTransposition.four(source, a, b, c, d, WEIGHTS, lanes, lane);
        }
    }

    /** Writes a lane's block, given as little-endian words. */
    static void store(int[] lanes, int lane, int words, byte[] blocks, int offset) {
        for (int i = 0; i < words; i++) {
            WORD.set(blocks, offset + i * Integer.BYTES, lanes[i * LANES + lane]);
        }
    }
}
