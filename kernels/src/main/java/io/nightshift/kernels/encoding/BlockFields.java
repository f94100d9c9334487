package io.nightshift.kernels.encoding;

import io.nightshift.kernels.HalfFloat;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** Numbers in the bytes of a block. */
final class BlockFields {
    private static final VarHandle SHORT =
            MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);

    private BlockFields() {}

    /** The half-precision number at an offset. */
    static float half(byte[] bytes, int at) {
        return HalfFloat.toFloat((short) SHORT.get(bytes, at));
    }

    /** The four bits at {@code index}, of which two are in a byte, the lower ones first. */
    static int nibble(byte[] bytes, int at, int index) {
        return bytes[at + index / 2] >> 4 * (index % 2) & 15;
    }

    /** The two bits at {@code index}, of which four are in a byte, the lowest ones first. */
    static int pair(byte[] bytes, int at, int index) {
        return bytes[at + index / 4] >> 2 * (index % 4) & 3;
    }
}
