package io.nightshift.kernels.quantize;

import io.nightshift.kernels.GgmlType;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;

/** Q2_0: blocks of 64 weights, a byte with the levels of four neighbours (ggml-quants.c, quantize_row_q2_0_ref). */
final class Q20Quantizer extends TernaryBlockQuantizer {
    private static final VarHandle SHORT = MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final int SIZE = 64;

    private final byte[] levels = new byte[SIZE + Long.BYTES];

    Q20Quantizer() {
        super(GgmlType.Q2_0, 0);
    }

    @Override
    void pack(float[] weights, int from, int count, float[] inverses, byte[] blocks, int to) {
        int blockBytes = type().blockBytes();
        for (int block = 0; block < count; block++) {
            if (inverses[block] <= Float.MAX_VALUE) {
                round(weights, from + block * SIZE, inverses[block], levels);
            } else {
                // ggml's conversion of infinity and NaN to integers leaves level 0.
                Arrays.fill(levels, (byte) 0);
            }
            join(levels, blocks, to + block * blockBytes + Short.BYTES);
        }
    }

    private static void round(float[] weights, int from, float inverse, byte[] levels) {
        for (int i = 0; i < SIZE; i += LANES) {
            store(levels(weights, from + i, inverse), levels, i);
        }
    }

    /** Two bits of each of 64 bytes. */
    private static void join(byte[] levels, byte[] blocks, int to) {
        for (int i = 0; i < SIZE; i += Long.BYTES) {
            long eight = (long) LONG.get(levels, i);
            long pairs = (eight | eight >>> 6) & 0x000f000f000f000fL;
            long fours = (pairs | pairs >>> 12) & 0x000000ff000000ffL;
            SHORT.set(blocks, to + i / 4, (short) (fours | fours >>> 24));
        }
    }
}
