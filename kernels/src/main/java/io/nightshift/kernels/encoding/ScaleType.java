package io.nightshift.kernels.encoding;

import io.nightshift.kernels.HalfFloat;

/** How a format stores the scale of a group: rounding uses what a reader will see. */
public enum ScaleType {
    F32(32) {
        @Override
        public float stored(float scale) {
            return scale;
        }
    },
    F16(16) {
        @Override
        public float stored(float scale) {
            return HalfFloat.toFloat(HalfFloat.fromFloat(scale));
        }
    },
    BF16(16) {
        @Override
        public float stored(float scale) {
            int bits = Float.floatToRawIntBits(scale);
            return Float.intBitsToFloat(bits + 0x7fff + (bits >>> 16 & 1) & 0xffff0000);
        }
    };

    private final int bits;

    ScaleType(int bits) {
        this.bits = bits;
    }

    /** Bits of a stored scale. */
    public int bits() {
        return bits;
    }

    /** A finite scale as a reader will see it: infinite if it is too large. */
    public abstract float stored(float scale);
}
