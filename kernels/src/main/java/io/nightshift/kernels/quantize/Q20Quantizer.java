package io.nightshift.kernels.quantize;

import io.nightshift.kernels.GgmlType;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** Q2_0: blocks of 64 weights, a byte with the levels of four neighbours (ggml-quants.c, quantize_row_q2_0_ref). */
final class Q20Quantizer extends TernaryBlockQuantizer {
    private static final VarHandle SHORT = MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final int SIZE = 64;

    Q20Quantizer() {
        super(GgmlType.Q2_0, 0, 0);
    }

    @Override
    void pack(byte[] levels, int count, byte[] blocks, int to) {
        for (int block = 0; block < count; block++) {
            int at = to + block * (SIZE / 4 + Short.BYTES) + Short.BYTES;
            for (int i = 0; i < SIZE; i += Long.BYTES) {
                long eight = (long) LONG.get(levels, block * SIZE + i);
                long pairs = (eight | eight >>> 6) & 0x000f000f000f000fL;
                long fours = (pairs | pairs >>> 12) & 0x000000ff000000ffL;
                SHORT.set(blocks, at + i / 4, (short) (fours | fours >>> 24));
            }
        }
    }
}
