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

    /** Puts a super-block into a lane. */
    static void load(float[] source, int offset, float[] lanes, int lane) {
        for (int i = 0; i < WEIGHTS; i++) {
            lanes[i * LANES + lane] = source[offset + i];
        }
    }

    /** Fills a lane with zeros: the lanes that the last group has too many. */
    static void clear(float[] lanes, int lane) {
        for (int i = 0; i < WEIGHTS; i++) {
            lanes[i * LANES + lane] = 0f;
        }
    }

    /** Writes a lane's block, given as little-endian words. */
    static void store(int[] lanes, int lane, int words, byte[] blocks, int offset) {
        for (int i = 0; i < words; i++) {
            WORD.set(blocks, offset + i * Integer.BYTES, lanes[i * LANES + lane]);
        }
    }
}
