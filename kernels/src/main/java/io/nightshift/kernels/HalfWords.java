package io.nightshift.kernels;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * The search for what is not finite among 16-bit floats of either kind in little-endian bytes.
 *
 * <p>A long holds four of them, and is as fast as memory. A vector has to be compiled first, which took a run that only copies
 * half a second of its processors' time.
 */
final class HalfWords {
    private static final VarHandle FOUR = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final long EACH = 0x0001000100010001L;
    private static final long MAGNITUDES = 0x7fff * EACH;
    private static final int CARRY = 0x8000;

    private HalfWords() {}

    /** Whether any word has a magnitude, sign left out, of a limit or more. */
    static boolean anyFrom(int limit, byte[] source, int offset, int count) {
        int whole = count / 4 * 4;
        // A magnitude carries into its sign bit if what the limit lacks to that bit is added, and never beyond.
        long lacking = (CARRY - limit) * EACH;
        long carries = 0;
        for (int i = 0; i < whole; i += 4) {
            carries |= ((long) FOUR.get(source, offset + i * Short.BYTES) & MAGNITUDES) + lacking;
        }
        return (carries & CARRY * EACH) != 0
                || firstFrom(limit, source, offset + whole * Short.BYTES, count - whole) >= 0;
    }

    /** The index of the first word whose magnitude is a limit or more, or -1. */
    static int firstFrom(int limit, byte[] source, int offset, int count) {
        for (int i = 0; i < count; i++) {
            int high = source[offset + i * Short.BYTES + 1] & 0x7f;
            if ((high << 8 | source[offset + i * Short.BYTES] & 0xff) >= limit) {
                return i;
            }
        }
        return -1;
    }
}
