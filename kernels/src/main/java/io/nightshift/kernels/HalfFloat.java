package io.nightshift.kernels;

/** IEEE 754 half precision, which block formats keep their scales in. */
public final class HalfFloat {
    private static final float TO_INFINITY = 0x1p+112f;
    private static final float TO_ZERO = 0x1p-110f;
    private static final float FROM_DENORMAL = 0x1p-24f;

    private HalfFloat() {}

    /** The bits of the nearest half-precision number, ties to even, in the low 16 bits; infinity where it overflows. */
    public static int fromFloat(float value) {
        int bits = Float.floatToRawIntBits(value);
        int sign = bits >>> 16 & 0x8000;
        int magnitude = bits & 0x7fffffff;
        if (magnitude > 0x7f800000) {
            return sign | 0x7e00;
        }
        // Adding a power of two 13 binades above the value leaves just the mantissa bits that a half has, rounded.
        float scaled = Float.intBitsToFloat(magnitude) * TO_INFINITY * TO_ZERO;
        int exponent = Math.max(magnitude & 0x7f800000, 0x38800000);
        int rounded = Float.floatToRawIntBits(Float.intBitsToFloat(exponent + 0x07800000) + scaled);
        return sign | (rounded >>> 13 & 0x7c00) + (rounded & 0xfff);
    }

    /** The value of the half-precision number in the low 16 bits. */
    public static float toFloat(int half) {
        int sign = (half & 0x8000) << 16;
        int exponent = half >>> 10 & 0x1f;
        int mantissa = half & 0x3ff;
        if (exponent == 0) {
            return Float.intBitsToFloat(sign | Float.floatToRawIntBits(mantissa * FROM_DENORMAL));
        }
        int biased = exponent == 0x1f ? 0xff : exponent + 112;
        return Float.intBitsToFloat(sign | biased << 23 | mantissa << 13);
    }
}
