package io.nightshift.kernels;

/**
 * IEEE half-precision numbers, as ggml reads and writes them: exact to single precision, round to nearest even from it.
 *
 * <p>{@code Float.float16ToFloat} came after Java 17.
 */
public final class HalfFloat {
    private static final int SIGN = 0x8000;
    private static final int EXPONENT = 0x7c00;

    /** What a half's exponent field, moved to a float's place, lacks: the difference of the two biases. */
    private static final int REBIAS = (127 - 15) << 23;

    private HalfFloat() {}

    /**
     * The number that a half stands for.
     *
     * @param half the half in the low 16 bits; the others are ignored
     */
    public static float toFloat(int half) {
        int sign = (half & SIGN) << 16;
        int exponent = half & EXPONENT;
        int shifted = (half & 0x7fff) << 13;
        if (exponent != 0 && exponent != EXPONENT) {
            return Float.intBitsToFloat(sign | shifted + REBIAS);
        }
        if (exponent == 0) {
            // A multiple of 2^-24: put under a one half and taken off it again, which no denormal operand slows down.
            float magnitude = Float.intBitsToFloat((half & 0x3ff) | 0x3f000000) - 0.5f;
            return Float.intBitsToFloat(sign | Float.floatToRawIntBits(magnitude));
        }
        return Float.intBitsToFloat(sign | shifted | 0x7f800000);
    }

    /** The nearest half, ties to even; what is too large becomes infinite, and a NaN the quiet NaN of its sign. */
    public static short fromFloat(float value) {
        int bits = Float.floatToRawIntBits(value);
        int sign = bits >>> 16 & SIGN;
        int magnitude = bits & 0x7fffffff;
        if (magnitude > 0x7f800000) {
            return (short) (sign | 0x7e00);
        }
        if (magnitude >= 0x47800000) { // 65536 and more
            return (short) (sign | EXPONENT);
        }
        if (magnitude < 0x38800000) { // less than 2^-14: added to one half, where an ulp is the smallest half, 2^-24
            return (short) (sign | Float.floatToRawIntBits(Float.intBitsToFloat(magnitude) + 0.5f) - 0x3f000000);
        }
        int odd = magnitude >>> 13 & 1;
        return (short) (sign | magnitude - REBIAS + 0xfff + odd >>> 13);
    }
}
