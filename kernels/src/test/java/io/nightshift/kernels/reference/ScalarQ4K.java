package io.nightshift.kernels.reference;

import io.nightshift.kernels.GgmlType;
import java.nio.ByteBuffer;

/** Q4_K, one super-block after another. */
final class ScalarQ4K extends ScalarSuperBlock {
    ScalarQ4K() {
        super(32, 15, 63, new ScalarScaleMin(32, 15, -1f, 0.1f, 20, false), 2f);
    }

    @Override
    public GgmlType type() {
        return GgmlType.Q4_K;
    }

    @Override
    float[] errorWeights(float[] x, int offset) {
        return ScalarSixBitScales.errorWeights(x, offset);
    }

    @Override
    byte[] packScales(int[] scales, int[] mins, boolean weighted) {
        if (!weighted) {
            ScalarSixBitScales.limit(scales);
            ScalarSixBitScales.limit(mins);
        }
        return ScalarSixBitScales.pack(scales, mins);
    }

    @Override
    byte[] packLevels(int[] levels) {
        byte[] bytes = new byte[128];
        for (int i = 0; i < bytes.length; i++) {
            int low = i / 32 * 64 + i % 32;
            bytes[i] = (byte) (levels[low] | levels[low + 32] << 4);
        }
        return bytes;
    }

    @Override
    void write(ByteBuffer block, short d, short dmin, byte[] scales, byte[] levels) {
        block.putShort(d).putShort(dmin).put(scales).put(levels);
    }
}
