package io.nightshift.kernels.quantize;

import io.nightshift.kernels.GgmlType;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * TQ2_0: blocks of 256 weights, each 128 of them in 32 bytes, a byte with the levels of weights 32 apart
 * (ggml-quants.c, quantize_row_tq2_0_ref).
 */
final class TQ20Quantizer extends TernaryBlockQuantizer {
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final int BYTES = 64;
    private static final int HALF = 32;

    TQ20Quantizer() {
        super(GgmlType.TQ2_0, BYTES, 1);
    }

    @Override
    void pack(byte[] levels, int count, byte[] blocks, int to) {
        for (int half = 0; half < 2 * count; half++) {
            int at = to + half / 2 * (BYTES + Short.BYTES) + half % 2 * HALF;
            for (int i = 0; i < HALF; i += Long.BYTES) {
                int from = half * 4 * HALF + i;
                long first = (long) LONG.get(levels, from);
                long second = (long) LONG.get(levels, from + HALF);
                long third = (long) LONG.get(levels, from + 2 * HALF);
                long fourth = (long) LONG.get(levels, from + 3 * HALF);
                LONG.set(blocks, at + i, first | second << 2 | third << 4 | fourth << 6);
            }
        }
    }
}
