package io.nightshift.formats.architecture;

/** Eight-bit floats, E4M3 without infinities (PyTorch's float8_e4m3fn). */
final class Float8 {
    private static final float[] VALUES = new float[256];

    static {
        for (int bits = 0; bits < VALUES.length; bits++) {
            int exponent = bits >> 3 & 0x0f;
            int mantissa = bits & 0x07;
            float magnitude = exponent == 0
                    ? Math.scalb((float) mantissa, -9)
                    : Math.scalb(1 + mantissa / 8f, exponent - 7);
            boolean nan = (bits & 0x7f) == 0x7f;
            VALUES[bits] = nan ? Float.NaN : bits < 0x80 ? magnitude : -magnitude;
        }
    }

    private Float8() {}

    /** The value of a byte; NaN for the two that stand for none. */
    static float toFloat(byte bits) {
        return VALUES[bits & 0xff];
    }
}
