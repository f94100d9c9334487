package io.nightshift.kernels.rounding;

import io.nightshift.kernels.HalfFloat;

/** How a format stores the scale of a group: rounding uses what a reader will see. */
public enum ScaleType {
    F32 {
        @Override
        float stored(float scale) {
            return scale;
        }
    },
    F16 {
        @Override
        float stored(float scale) {
            return HalfFloat.toFloat(HalfFloat.fromFloat(scale));
        }
    },
    BF16 {
        @Override
        float stored(float scale) {
            int bits = Float.floatToRawIntBits(scale);
            return Float.intBitsToFloat(bits + 0x7fff + (bits >>> 16 & 1) & 0xffff0000);
        }
    };

    /** A finite scale as a reader will see it: infinite if it is too large. */
    abstract float stored(float scale);
}
