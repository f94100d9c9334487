package io.nightshift.formats.architecture;

/** Conversions of 16-bit floats, plainly: rounding to nearest, ties to even. */
final class HalfFloat {
    private HalfFloat() {}

    static float toFloat(short bits) {
        int exponent = bits >> 10 & 31;
        int mantissa = bits & 1023;
        double value = exponent == 31
                ? mantissa == 0 ? Double.POSITIVE_INFINITY : Double.NaN
                : exponent == 0 ? Math.scalb((double) mantissa, -24) : Math.scalb(1024.0 + mantissa, exponent - 25);
        return (float) (bits < 0 ? -value : value);
    }

    static short fromFloat(float value) {
        int sign = Float.floatToRawIntBits(value) >>> 16 & 0x8000;
        double magnitude = Math.abs((double) value);
        if (Double.isNaN(magnitude)) {
            return (short) (sign | 0x7e00);
        }
        if (magnitude >= 65520) {
            return (short) (sign | 0x7c00);
        }
        int exponent = Math.max(-14, Math.getExponent(magnitude));
        // rint rounds ties to even; a mantissa that reaches 2048 carries into the exponent by itself.
        long mantissa = (long) Math.rint(Math.scalb(magnitude, 10 - exponent));
        return (short) (sign | (mantissa + ((long) (exponent + 14) << 10)));
    }

    static short toBrain(float value) {
        int bits = Float.floatToRawIntBits(value);
        if ((bits & 0x7fffffff) > 0x7f800000) {
            return (short) (bits >>> 16 | 64);
        }
        return (short) (bits + (0x7fff + (bits >>> 16 & 1)) >>> 16);
    }
}
