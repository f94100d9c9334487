package io.nightshift.kernels.reference;

/** Half-precision and brain floats by arithmetic on doubles, which rounds each just once. */
public final class ScalarHalf {
    private ScalarHalf() {}

    /** The bits of the half nearest to a float, ties to even. */
    public static short toF16(float value) {
        int sign = Float.floatToRawIntBits(value) >>> 16 & 0x8000;
        double magnitude = Math.abs((double) value);
        if (Double.isNaN(magnitude)) {
            return (short) (sign | 0x7e00);
        }
        int exponent = Math.max(Math.getExponent(magnitude), -14);
        double unit = Math.scalb(1.0, exponent - 10);
        // With a mantissa of 1024 and more, the sum carries into the exponent as it should.
        double units = Double.isInfinite(magnitude) ? 0 : Math.rint(magnitude / unit);
        long half = exponent > 15 ? 0x7c00 : (exponent + 14L << 10) + (long) units;
        return (short) (sign | Math.min(half, 0x7c00));
    }

    /** The float equal to a half. */
    public static float fromF16(short half) {
        int exponent = half >>> 10 & 0x1f;
        int mantissa = half & 0x3ff;
        double magnitude;
        if (exponent == 0x1f) {
            magnitude = mantissa == 0 ? Double.POSITIVE_INFINITY : Double.NaN;
        } else if (exponent == 0) {
            magnitude = Math.scalb((double) mantissa, -24);
        } else {
            magnitude = Math.scalb(1 + mantissa / 1024.0, exponent - 15);
        }
        return (float) (half < 0 ? -magnitude : magnitude);
    }

    /** The bits of the brain float nearest to a float, ties to even. */
    public static short toBF16(float value) {
        int bits = Float.floatToRawIntBits(value);
        if (Float.isNaN(value)) {
            return (short) (bits >>> 16 | 0x40);
        }
        int low = bits & 0xffff;
        int high = bits >>> 16;
        boolean up = low > 0x8000 || low == 0x8000 && (high & 1) == 1;
        return (short) (up ? high + 1 : high);
    }

    /** The float equal to a brain float. */
    public static float fromBF16(short value) {
        return Float.intBitsToFloat(value << 16);
    }
}
