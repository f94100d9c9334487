package io.nightshift.kernels;

import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/** Brain floats, the upper halves of floats, as little-endian bytes: to floats, from floats, and to half precision. */
public final class BF16 {
    /** The least magnitude of an infinity or a NaN. */
    private static final int INFINITY = 0x7f80;

    private static final int LANES = Lanes.COUNT;

    /** Numbers converted by way of floats at a time. */
    private static final int CHUNK = 2048;

    private BF16() {}

    /**
     * Turns numbers into floats and checks them on the way.
     *
     * @param source two bytes a number, from {@code sourceOffset}
     * @param target receives {@code count} floats, from {@code targetOffset}
     * @return index, from 0, of the first number that is infinite or NaN, or -1 if all are finite
     * @throws IndexOutOfBoundsException if an array is too short
     */
    public static int toFloats(byte[] source, int sourceOffset, float[] target, int targetOffset, int count) {
        int whole = Lanes.FLOAT.loopBound(count);
        int largest = toFloatLanes(source, sourceOffset, target, targetOffset, whole);
        if (whole < count) {
            byte[] rest = new byte[LANES * Short.BYTES];
            float[] floats = new float[LANES];
            System.arraycopy(source, sourceOffset + whole * Short.BYTES, rest, 0, (count - whole) * Short.BYTES);
            largest = Math.max(largest, toFloatLanes(rest, 0, floats, 0, LANES));
            System.arraycopy(floats, 0, target, targetOffset + whole, count - whole);
        }
        return largest < INFINITY << 16 ? -1 : HalfWords.firstFrom(INFINITY, source, sourceOffset, count);
    }

    /**
     * Turns numbers into half precision, ties to even, and checks them on the way.
     *
     * @param source two bytes a number, from {@code sourceOffset}
     * @param target receives two bytes a number, from {@code targetOffset}; not {@code source}
     * @return index, from 0, of the first number of the source that is infinite or NaN, or -1 if all are finite
     * @throws IndexOutOfBoundsException if an array is too short
     */
    public static int toF16(byte[] source, int sourceOffset, byte[] target, int targetOffset, int count) {
        // By way of floats that stay in the first-level cache.
        float[] floats = new float[Math.min(count, CHUNK)];
        int bad = -1;
        for (int first = 0; first < count; first += CHUNK) {
            int chunk = Math.min(CHUNK, count - first);
            int badInChunk = toFloats(source, sourceOffset + first * Short.BYTES, floats, 0, chunk);
            F16.fromFloats(floats, 0, target, targetOffset + first * Short.BYTES, chunk);
            if (bad < 0 && badInChunk >= 0) {
                bad = first + badInChunk;
            }
        }
        return bad;
    }

    /**
     * Rounds floats to the nearest number, ties to even; NaN becomes a quiet NaN (ggml-impl.h,
     * ggml_compute_fp32_to_bf16).
     *
     * @param source {@code count} floats, from {@code sourceOffset}
     * @param target receives two bytes a number, from {@code targetOffset}
     * @throws IndexOutOfBoundsException if an array is too short
     */
    public static void fromFloats(float[] source, int sourceOffset, byte[] target, int targetOffset, int count) {
        int whole = Lanes.FLOAT.loopBound(count);
        fromFloatLanes(source, sourceOffset, target, targetOffset, whole);
        if (whole < count) {
            float[] rest = new float[LANES];
            byte[] words = new byte[LANES * Short.BYTES];
            System.arraycopy(source, sourceOffset + whole, rest, 0, count - whole);
            fromFloatLanes(rest, 0, words, 0, LANES);
            System.arraycopy(words, 0, target, targetOffset + whole * Short.BYTES, (count - whole) * Short.BYTES);
        }
    }

    /**
     * The index, from 0, of the first number that is infinite or NaN, or -1 if all are finite.
     *
     * @param source two bytes a number, from {@code offset}
     * @throws IndexOutOfBoundsException if the array is too short
     */
    public static int firstNonFinite(byte[] source, int offset, int count) {
        return HalfWords.anyFrom(INFINITY, source, offset, count)
                ? HalfWords.firstFrom(INFINITY, source, offset, count)
                : -1;
    }

    /** The largest magnitude of the floats, as bits. */
    private static int toFloatLanes(byte[] source, int sourceOffset, float[] target, int targetOffset, int count) {
        IntVector largest = IntVector.zero(Lanes.INT);
        for (int i = 0; i < count; i += LANES) {
            IntVector words = (IntVector) ByteVector.fromArray(Lanes.HALF_BYTE, source, sourceOffset + i * Short.BYTES)
                    .reinterpretAsShorts()
                    .convertShape(VectorOperators.S2I, Lanes.INT, 0);
            IntVector bits = words.lanewise(VectorOperators.LSHL, 16);
            largest = largest.max(bits.and(Integer.MAX_VALUE));
            bits.reinterpretAsFloats().intoArray(target, targetOffset + i);
        }
        return largest.reduceLanes(VectorOperators.MAX);
    }

    private static void fromFloatLanes(float[] source, int sourceOffset, byte[] target, int targetOffset, int count) {
        for (int i = 0; i < count; i += LANES) {
            IntVector bits =
                    FloatVector.fromArray(Lanes.FLOAT, source, sourceOffset + i).reinterpretAsInts();
            IntVector odd = bits.lanewise(VectorOperators.LSHR, 16).and(1);
            IntVector rounded = bits.add(odd).add(0x7fff);
            VectorMask<Integer> nan = bits.and(Integer.MAX_VALUE).compare(VectorOperators.GT, INFINITY << 16);
            rounded.blend(bits.or(64 << 16), nan)
                    .lanewise(VectorOperators.LSHR, 16)
                    .convertShape(VectorOperators.I2S, Lanes.HALF_SHORT, 0)
                    .reinterpretAsBytes()
                    .intoArray(target, targetOffset + i * Short.BYTES);
        }
    }
}
