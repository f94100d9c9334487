package io.nightshift.kernels.reference;

import io.nightshift.kernels.GgmlType;
import java.nio.ByteBuffer;

/** Q5_K, one super-block after another. */
final class ScalarQ5K extends ScalarSuperBlock {
    ScalarQ5K() {
        super(32, 31, 63, new ScalarScaleMin(32, 31, -0.5f, 0.1f, 15, false), 2f);
    }

    @Override
    public GgmlType type() {
        return GgmlType.Q5_K;
    }

    @Override
    float[] errorWeights(float[] x, int offset) {
        return ScalarSixBitScales.errorWeights(x, offset);
    }

    @Override
    byte[] packScales(int[] scales, int[] mins, boolean weighted) {
        ScalarSixBitScales.limit(scales);
        ScalarSixBitScales.limit(mins);
        return ScalarSixBitScales.pack(scales, mins);
    }

    @Override
    byte[] packLevels(int[] levels) {
        byte[] bytes = new byte[32 + 128];
        for (int i = 0; i < 128; i++) {
            int pair = i / 32;
            int first = levels[pair * 64 + i % 32];
            int second = levels[pair * 64 + 32 + i % 32];
            bytes[i % 32] |= (byte) ((first >> 4) << 2 * pair | (second >> 4) << 2 * pair + 1);
            bytes[32 + i] = (byte) (first & 0xf | (second & 0xf) << 4);
        }
        return bytes;
    }

    @Override
    void write(ByteBuffer block, short d, short dmin, byte[] scales, byte[] levels) {
        block.putShort(d).putShort(dmin).put(scales).put(levels);
    }
}
