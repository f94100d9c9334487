package io.nightshift.kernels;

import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/** Floats, as they are and as little-endian bytes. */
public final class F32 {
    /** The least magnitude of an infinity or a NaN. */
    private static final int INFINITY = 0x7f800000;

    private static final int LANES = Lanes.COUNT;

    private F32() {}

    /**
     * Turns bytes into floats and checks them on the way.
     *
     * @param source four bytes a number, from {@code sourceOffset}
     * @param target receives {@code count} floats, from {@code targetOffset}
     * @return index, from 0, of the first number that is infinite or NaN, or -1 if all are finite
     * @throws IndexOutOfBoundsException if an array is too short
     */
    public static int toFloats(byte[] source, int sourceOffset, float[] target, int targetOffset, int count) {
        int whole = Lanes.FLOAT.loopBound(count);
        int largest = toFloatLanes(source, sourceOffset, target, targetOffset, whole);
        if (whole < count) {
            byte[] rest = new byte[LANES * Float.BYTES];
            float[] floats = new float[LANES];
            System.arraycopy(source, sourceOffset + whole * Float.BYTES, rest, 0, (count - whole) * Float.BYTES);
            largest = Math.max(largest, toFloatLanes(rest, 0, floats, 0, LANES));
            System.arraycopy(floats, 0, target, targetOffset + whole, count - whole);
        }
        return largest < INFINITY ? -1 : search(target, targetOffset, count);
    }

    /**
     * The index, from 0, of the first float that is infinite or NaN, or -1 if all are finite.
     *
     * @param floats {@code count} floats, from {@code offset}
     * @throws IndexOutOfBoundsException if the array is too short
     */
    public static int firstNonFinite(float[] floats, int offset, int count) {
        int whole = Lanes.FLOAT.loopBound(count);
        int largest = largest(floats, offset, whole);
        for (int i = whole; i < count; i++) {
            largest = Math.max(largest, magnitude(floats[offset + i]));
        }
        return largest < INFINITY ? -1 : search(floats, offset, count);
    }

    private static int toFloatLanes(byte[] source, int sourceOffset, float[] target, int targetOffset, int count) {
        IntVector largest = IntVector.zero(Lanes.INT);
        for (int i = 0; i < count; i += LANES) {
            IntVector bits = ByteVector.fromArray(Lanes.BYTE, source, sourceOffset + i * Float.BYTES)
                    .reinterpretAsInts();
            largest = largest.max(bits.and(Integer.MAX_VALUE));
            bits.reinterpretAsFloats().intoArray(target, targetOffset + i);
        }
        return largest.reduceLanes(VectorOperators.MAX);
    }

    private static int largest(float[] floats, int offset, int count) {
        IntVector largest = IntVector.zero(Lanes.INT);
        for (int i = 0; i < count; i += LANES) {
            IntVector bits = FloatVector.fromArray(Lanes.FLOAT, floats, offset + i).reinterpretAsInts();
            largest = largest.max(bits.and(Integer.MAX_VALUE));
        }
        return largest.reduceLanes(VectorOperators.MAX);
    }

    private static int search(float[] floats, int offset, int count) {
        for (int i = 0; i < count; i++) {
            if (magnitude(floats[offset + i]) >= INFINITY) {
                return i;
            }
        }
        return -1;
    }

    private static int magnitude(float value) {
        return Float.floatToRawIntBits(value) & Integer.MAX_VALUE;
    }
}
