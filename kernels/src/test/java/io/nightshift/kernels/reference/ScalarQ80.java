package io.nightshift.kernels.reference;

import io.nightshift.kernels.GgmlType;
import java.nio.ByteBuffer;

/** Q8_0. */
final class ScalarQ80 extends ScalarBlockQuantizer {
    ScalarQ80() {
        super(GgmlType.Q8_0);
    }

    @Override
    void quantize(float[] x, ByteBuffer out) {
        float scale = largestMagnitude(x) / 127;
        out.putShort(ScalarHalf.toF16(scale));
        for (float weight : x) {
            out.put((byte) round(weight * inverse(scale)));
        }
    }
}
