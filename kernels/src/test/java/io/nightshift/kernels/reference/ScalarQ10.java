package io.nightshift.kernels.reference;

import io.nightshift.kernels.GgmlType;
import java.nio.ByteBuffer;

/** Q1_0. */
final class ScalarQ10 extends ScalarBlockQuantizer {
    ScalarQ10() {
        super(GgmlType.Q1_0);
    }

    @Override
    void quantize(float[] x, ByteBuffer out) {
        float sum = 0;
        byte[] bits = new byte[16];
        for (int i = 0; i < 128; i++) {
            sum += Math.abs(x[i]);
            bits[i / 8] |= (byte) (x[i] >= 0 ? 1 << i % 8 : 0);
        }
        out.putShort(ScalarHalf.toF16(sum / 128)).put(bits);
    }
}
