package io.nightshift.kernels;

/**
 * IEEE half precision as 16 bits, for Java versions whose {@code Float} cannot convert it.
 *
 * <p>Bit for bit ggml's {@code ggml_compute_fp32_to_fp16} and {@code ggml_compute_fp16_to_fp32}.
 */
public final class HalfFloat {
    private static final int SIGN = 0x8000;
    private static final int INFINITY = 0x7c00;
    private static final int NAN = 0x7e00;

    /** The smallest float that rounds to infinity: halfway between the largest half and the next power of two. */
    private static final int OVERFLOW = Float.floatToRawIntBits(65520f);

    /** The smallest normal half, 2^-14. */
    private static final int NORMAL = Float.floatToRawIntBits(0x1p-14f);

    private HalfFloat() {}

    /** The half nearest to a float, ties to even; beyond the largest half, infinity. */
    public static short fromFloat(float value) {
        int bits = Float.floatToRawIntBits(value);
        int sign = bits >>> 16 & SIGN;
        int magnitude = bits & 0x7fffffff;
        int half;
        if (magnitude >= OVERFLOW) {
            half = magnitude > 0x7f800000 ? NAN : INFINITY;
        } else if (magnitude >= NORMAL) {
            // Exponent bias 127 to 15; adding half a unit less one, and one more where the result would be odd, rounds.
            half = (magnitude - (112 << 23) + 0xfff + (magnitude >>> 13 & 1)) >>> 13;
        } else {
            // A unit in the last place of 0.5f is 2^-24, that of denormal halves.
            half = Float.floatToRawIntBits(Float.intBitsToFloat(magnitude) + 0.5f) - Float.floatToRawIntBits(0.5f);
        }
        return (short) (sign | half);
    }

    /** The float equal to a half. */
    public static float toFloat(short half) {
        int sign = (half & SIGN) << 16;
        int magnitude = half & 0x7fff;
        float value;
        if (magnitude >= INFINITY) {
            value = Float.intBitsToFloat(0x7f800000 | (magnitude & 0x3ff) << 13);
        } else if (magnitude >= 0x400) {
            value = Float.intBitsToFloat((magnitude << 13) + (112 << 23));
        } else {
            value = magnitude * 0x1p-24f;
        }
        return Float.intBitsToFloat(sign | Float.floatToRawIntBits(value));
    }
}
