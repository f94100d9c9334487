package io.nightshift.kernels;

import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/**
 * IEEE half-precision numbers as little-endian bytes: to floats and from floats.
 *
 * <p>Loops call the Vector API only: a method between that the compiler does not inline would allocate each vector.
 */
public final class F16 {
    /** The least magnitude of an infinity or a NaN. */
    private static final int INFINITY = 0x7c00;

    private static final int LANES = Lanes.COUNT;

    private F16() {}

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
        return largest < INFINITY ? -1 : HalfWords.firstFrom(INFINITY, source, sourceOffset, count);
    }

    /**
     * Rounds floats to the nearest number, ties to even; what is too large becomes infinite, NaN becomes 0x7e00 under its
     * sign (ggml-impl.h, ggml_compute_fp32_to_fp16).
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
            byte[] halves = new byte[LANES * Short.BYTES];
            System.arraycopy(source, sourceOffset + whole, rest, 0, count - whole);
            fromFloatLanes(rest, 0, halves, 0, LANES);
            System.arraycopy(halves, 0, target, targetOffset + whole * Short.BYTES, (count - whole) * Short.BYTES);
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

    /** The largest magnitude of the halves, as bits. */
    private static int toFloatLanes(byte[] source, int sourceOffset, float[] target, int targetOffset, int count) {
        IntVector largest = IntVector.zero(Lanes.INT);
        for (int i = 0; i < count; i += LANES) {
            IntVector words = (IntVector) ByteVector.fromArray(Lanes.HALF_BYTE, source, sourceOffset + i * Short.BYTES)
                    .reinterpretAsShorts()
                    .convertShape(VectorOperators.S2I, Lanes.INT, 0);
            IntVector magnitude = words.and(0x7fff);
            largest = largest.max(magnitude);
            // Exponents 1 to 30 become 225 to 254 and are scaled down; 31 becomes 255, infinite or NaN, and stays.
            FloatVector normal = magnitude
                    .lanewise(VectorOperators.LSHL, 13)
                    .add(0x70000000)
                    .reinterpretAsFloats()
                    .mul(0x1p-112f);
            // A unit in the last place of 0.5 is 2^-24, that of denormal halves.
            FloatVector denormal = magnitude.or(0x3f000000).reinterpretAsFloats().sub(0.5f);
            IntVector value = normal.reinterpretAsInts()
                    .blend(denormal.reinterpretAsInts(), magnitude.compare(VectorOperators.LT, 0x0400));
            value.or(words.and(Integer.MIN_VALUE)).reinterpretAsFloats().intoArray(target, targetOffset + i);
        }
        return largest.reduceLanes(VectorOperators.MAX);
    }

    private static void fromFloatLanes(float[] source, int sourceOffset, byte[] target, int targetOffset, int count) {
        for (int i = 0; i < count; i += LANES) {
            IntVector bits =
                    FloatVector.fromArray(Lanes.FLOAT, source, sourceOffset + i).reinterpretAsInts();
            IntVector magnitude = bits.and(Integer.MAX_VALUE);
            // A power of two 13 binades above the number (of the least normal half, for what lies below it) leaves just
            // the bits that a half has when it is added. What is too large is infinite after the first product.
            FloatVector scaled = magnitude.reinterpretAsFloats().mul(0x1p112f).mul(0x1p-110f);
            IntVector power = magnitude.and(0x7f800000).max(0x38800000).add(0x07800000);
            IntVector sum = power.reinterpretAsFloats().add(scaled).reinterpretAsInts();
            IntVector half = sum.lanewise(VectorOperators.LSHR, 13).and(0x7c00).add(sum.and(0x0fff));
            VectorMask<Integer> nan = magnitude.compare(VectorOperators.GT, 0x7f800000);
            half.blend(0x7e00, nan)
                    .or(bits.lanewise(VectorOperators.LSHR, 16).and(0x8000))
                    .convertShape(VectorOperators.I2S, Lanes.HALF_SHORT, 0)
                    .reinterpretAsBytes()
                    .intoArray(target, targetOffset + i * Short.BYTES);
        }
    }
}
