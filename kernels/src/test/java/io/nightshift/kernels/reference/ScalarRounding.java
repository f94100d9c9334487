package io.nightshift.kernels.reference;

/** Rounding as ggml-quants.c does it. */
final class ScalarRounding {
    private ScalarRounding() {}

    /** The nearest integer, ties to even, for |value| <= 4194303 (nearest_int). */
    static int nearest(float value) {
        return (Float.floatToRawIntBits(value + 12582912f) & 0x7fffff) - 0x400000;
    }

    static int clamp(int value, int low, int high) {
        return Math.max(low, Math.min(high, value));
    }
}
