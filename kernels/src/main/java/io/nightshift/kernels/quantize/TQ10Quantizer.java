package io.nightshift.kernels.quantize;

import io.nightshift.kernels.GgmlType;
import io.nightshift.kernels.Lanes;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * TQ1_0: blocks of 256 weights, levels as digits in base 3 (ggml-quants.c, quantize_row_tq1_0_ref). A byte is a
 * fraction of 256 with five digits after the point: 32 bytes of weights 32 apart, 16 of weights 16 apart, and 4 of four
 * weights 4 apart.
 */
final class TQ10Quantizer extends TernaryBlockQuantizer {
    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final int SIZE = 256;
    private static final int BYTES = 52;

    /**
     * {@code number * MULTIPLIER + ROUNDING_UP >> SHIFT} is {@code number * 256 / 243}, rounded up, for five digits.
     */
    private static final int MULTIPLIER = 256 * 17261;

    private static final int ROUNDING_UP = 242 * 17261;
    private static final int SHIFT = 22;

    /** Numbers of five digits, and room for the last vector. */
    private final byte[] numbers = new byte[CHUNK / SIZE * BYTES + 64];

    /** What becomes of them. A vector may write more bytes than it has lanes, so not in place. */
    private final byte[] fractions = new byte[numbers.length];

    TQ10Quantizer() {
        super(GgmlType.TQ1_0, BYTES, 1);
    }

    @Override
    void pack(byte[] levels, int count, byte[] blocks, int to) {
        for (int block = 0; block < count; block++) {
            joinDigits(levels, block * SIZE, numbers, block * BYTES);
        }
        divide(numbers, count * BYTES, fractions);
        for (int block = 0; block < count; block++) {
            System.arraycopy(fractions, block * BYTES, blocks, to + block * (BYTES + Short.BYTES), BYTES);
        }
    }

    /** Eight numbers, or four, side by side in an integer: none of them carries. */
    private static void joinDigits(byte[] levels, int from, byte[] numbers, int to) {
        for (int i = 0; i < 32; i += Long.BYTES) {
            LONG.set(numbers, to + i, five(levels, from + i, 32));
        }
        for (int i = 0; i < 16; i += Long.BYTES) {
            LONG.set(numbers, to + 32 + i, five(levels, from + 160 + i, 16));
        }
        int last = 0;
        for (int digit = 0; digit < 4; digit++) {
            last = 3 * (last + (int) INT.get(levels, from + 240 + 4 * digit));
        }
        INT.set(numbers, to + 48, last);
    }

    private static long five(byte[] levels, int from, int step) {
        long number = (long) LONG.get(levels, from);
        number = 3 * number + (long) LONG.get(levels, from + step);
        number = 3 * number + (long) LONG.get(levels, from + 2 * step);
        number = 3 * number + (long) LONG.get(levels, from + 3 * step);
        return 3 * number + (long) LONG.get(levels, from + 4 * step);
    }

    private static void divide(byte[] numbers, int count, byte[] fractions) {
        for (int i = 0; i < count; i += Lanes.COUNT) {
            IntVector number = (IntVector) ByteVector.fromArray(Lanes.QUARTER_BYTE, numbers, i)
                    .convertShape(VectorOperators.B2I, Lanes.INT, 0);
            IntVector fraction = number.and(0xff)
                    .mul(MULTIPLIER)
                    .add(ROUNDING_UP)
                    .lanewise(VectorOperators.LSHR, SHIFT);
            ((ByteVector) fraction.convertShape(VectorOperators.I2B, Lanes.QUARTER_BYTE, 0)).intoArray(fractions, i);
        }
    }
}
