package io.nightshift.kernels.quantize;

import io.nightshift.kernels.GgmlType;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * TQ1_0: blocks of 256 weights, levels as digits in base 3 (ggml-quants.c, quantize_row_tq1_0_ref). A byte is a fraction of
 * 256 with five digits after the point: 32 bytes of weights 32 apart, 16 of weights 16 apart, and 4 of four weights 4 apart.
 */
final class TQ10Quantizer extends TernaryBlockQuantizer {
    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
    private static final int SIZE = 256;
    private static final int BYTES = 52;
    private static final int LAST = 240;

    /** {@code number * MULTIPLIER + ROUNDING_UP >> SHIFT} is {@code number * 256 / 243}, rounded up, for five digits. */
    private static final int MULTIPLIER = 256 * 17261;

    private static final int ROUNDING_UP = 242 * 17261;
    private static final int SHIFT = 22;

    private final byte[] packed = new byte[BYTES + 2 * Long.BYTES];
    private final byte[] lastLevels = new byte[SIZE - LAST + Long.BYTES];

    TQ10Quantizer() {
        super(GgmlType.TQ1_0, BYTES);
    }

    @Override
    void pack(float[] weights, int from, int count, float[] inverses, byte[] blocks, int to) {
        int blockBytes = type().blockBytes();
        for (int block = 0; block < count; block++) {
            float inverse = finite(inverses[block]);
            int x = from + block * SIZE;
            packFives(weights, x, 32, inverse, packed, 0);
            packFives(weights, x + 160, 16, inverse, packed, 32);
            packLast(weights, x + LAST, inverse);
            System.arraycopy(packed, 0, blocks, to + block * blockBytes, BYTES);
        }
    }

    private static void packFives(float[] weights, int from, int bytes, float inverse, byte[] packed, int to) {
        for (int i = 0; i < bytes; i += LANES) {
            IntVector number = levels(weights, from + i, inverse);
            for (int digit = 1; digit < 5; digit++) {
                IntVector level = levels(weights, from + i + digit * bytes, inverse);
                number = number.add(number).add(number).add(level);
            }
            store(number.mul(MULTIPLIER).add(ROUNDING_UP).lanewise(VectorOperators.LSHR, SHIFT), packed, to + i);
        }
    }

    /** Four bytes of four digits each, side by side in an integer: none of them carries. */
    private void packLast(float[] weights, int from, float inverse) {
        for (int i = 0; i < SIZE - LAST; i += LANES) {
            store(levels(weights, from + i, inverse), lastLevels, i);
        }
        int numbers = 0;
        for (int digit = 0; digit < 4; digit++) {
            numbers = 3 * (numbers + (int) INT.get(lastLevels, 4 * digit));
        }
        for (int i = 0; i < 4; i++) {
            int number = numbers >>> 8 * i & 0xff;
            packed[48 + i] = (byte) (number * MULTIPLIER + ROUNDING_UP >> SHIFT);
        }
    }
}
