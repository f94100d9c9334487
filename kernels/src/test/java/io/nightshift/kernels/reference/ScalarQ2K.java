package io.nightshift.kernels.reference;

import io.nightshift.kernels.GgmlType;
import java.nio.ByteBuffer;

/** Q2_K, one super-block after another. */
final class ScalarQ2K extends ScalarSuperBlock {
    ScalarQ2K() {
        super(16, 3, 15, new ScalarScaleMin(16, 3, -0.5f, 0.1f, 15, true), 1f);
    }

    @Override
    public GgmlType type() {
        return GgmlType.Q2_K;
    }

    @Override
    float[] errorWeights(float[] x, int offset) {
        float[] w = new float[16];
        for (int i = 0; i < 16; i++) {
            w[i] = Math.abs(x[offset + i]);
        }
        return w;
    }

    @Override
    byte[] packScales(int[] scales, int[] mins, boolean weighted) {
        byte[] bytes = new byte[16];
        for (int j = 0; j < 16; j++) {
            bytes[j] = (byte) (scales[j] | mins[j] << 4);
            scales[j] = bytes[j] & 0xf;
            mins[j] = bytes[j] >> 4 & 0xf;
        }
        return bytes;
    }

    @Override
    byte[] packLevels(int[] levels) {
        byte[] bytes = new byte[64];
        for (int i = 0; i < 64; i++) {
            int first = i / 32 * 128 + i % 32;
            bytes[i] = (byte) (levels[first]
                    | levels[first + 32] << 2
                    | levels[first + 64] << 4
                    | levels[first + 96] << 6);
        }
        return bytes;
    }

    @Override
    void write(ByteBuffer block, short d, short dmin, byte[] scales, byte[] levels) {
        block.put(scales).put(levels).putShort(d).putShort(dmin);
    }
}
