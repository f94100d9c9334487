package io.nightshift.kernels;

import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;

/** The search for what is not finite among 16-bit floats of either kind in little-endian bytes. */
final class HalfWords {
    private static final short MAGNITUDE = 0x7fff;

    private HalfWords() {}

    /** Whether any word has a magnitude, sign left out, of a limit or more. */
    static boolean anyFrom(int limit, byte[] source, int offset, int count) {
        int bytes = count * Short.BYTES;
        int whole = Lanes.BYTE.loopBound(bytes);
        if (largest(source, offset, whole) >= limit) {
            return true;
        }
        byte[] rest = new byte[Lanes.BYTE.length()];
        System.arraycopy(source, offset + whole, rest, 0, bytes - whole);
        return largest(rest, 0, rest.length) >= limit;
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

    private static int largest(byte[] source, int offset, int bytes) {
        ShortVector largest = ShortVector.zero(Lanes.SHORT);
        for (int i = 0; i < bytes; i += Lanes.BYTE.length()) {
            ShortVector words = ByteVector.fromArray(Lanes.BYTE, source, offset + i).reinterpretAsShorts();
            largest = largest.max(words.and(MAGNITUDE));
        }
        return largest.reduceLanes(VectorOperators.MAX);
    }
}
