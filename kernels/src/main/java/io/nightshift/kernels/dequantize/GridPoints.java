package io.nightshift.kernels.dequantize;

import io.nightshift.kernels.Codebooks;
import io.nightshift.kernels.Lanes;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * Points of a codebook's grid as small whole numbers, a byte a weight: a super-block's points are looked up and signed
 * eight weights at once in a {@code long}, written to a scratch array, and scaled from there in vectors of any width.
 *
 * <p>No vectors of 8 or 4 floats here: on JDK 17 a second species of one element type in a JVM makes all code that is
 * compiled after it slow.
 */
final class GridPoints {
    /** Bytes of the scratch array: a super-block. */
    static final int SCRATCH = 256;

    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final long ONES = 0x0101010101010101L;

    /** For every pattern of eight signs the bytes of the minuses, all ones. */
    private static final long[] SIGNS = signs();

    private GridPoints() {}

    /** The points of a grid, the first weight in the lowest byte. */
    static long[] packed(Codebooks.Grid grid) {
        long[] points = new long[grid.size()];
        for (int point = 0; point < points.length; point++) {
            for (int weight = 0; weight < grid.dimensions(); weight++) {
                points[point] |= (grid.value(point, weight) & 0xffL) << 8 * weight;
            }
        }
        return points;
    }

    /** The scale of the 2-bit types. */
    static float scale(float d, int scale) {
        return d * (0.5f + scale) * 0.25f;
    }

    /** Puts eight magnitudes, none of them 0, into the scratch array; a set bit of {@code minus} makes one negative. */
    static void put(byte[] scratch, int at, long magnitudes, int minus) {
        long mask = SIGNS[minus];
        // The two's complement of each byte of the mask; no byte carries, for none is 0.
        LONG.set(scratch, at, (magnitudes ^ mask) + (mask & ONES));
    }

    /** Puts eight bytes into the scratch array. */
    static void put(byte[] scratch, int at, long bytes) {
        LONG.set(scratch, at, bytes);
    }

    /** Writes as many weights as {@code count}, the numbers of the scratch array times a scale. */
    static void scaled(byte[] scratch, int at, int count, float scale, float[] weights, int w) {
        for (int i = 0; i < count; i += Lanes.COUNT) {
            ByteLanes.toFloat(ByteLanes.signed(scratch, at + i)).mul(scale).intoArray(weights, w + i);
        }
    }

    private static long[] signs() {
        long[] signs = new long[256];
        for (int i = 0; i < 256 * 8; i++) {
            signs[i >> 3] |= (i >> 3 >> (i & 7) & 1) * 0xffL << 8 * (i & 7);
        }
        return signs;
    }
}
