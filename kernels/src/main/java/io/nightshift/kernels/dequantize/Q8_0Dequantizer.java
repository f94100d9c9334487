package io.nightshift.kernels.dequantize;

import io.nightshift.kernels.GgmlType;
import io.nightshift.kernels.Lanes;

/** Blocks of 32: a half-precision scale, 32 signed bytes. */
final class Q8_0Dequantizer implements RowDequantizer {
    @Override
    public GgmlType type() {
        return GgmlType.Q8_0;
    }

    @Override
    public void dequantize(byte[] blocks, int blocksOffset, float[] weights, int weightsOffset, int count) {
        int end = Math.toIntExact(blocksOffset + GgmlType.Q8_0.rowBytes(count));
        for (int b = blocksOffset, w = weightsOffset; b < end; b += 34, w += 32) {
            block(blocks, b, weights, w);
        }
    }

    private static void block(byte[] blocks, int b, float[] weights, int w) {
        float d = ByteLanes.half(blocks, b);
        for (int i = 0; i < 32; i += Lanes.COUNT) {
            ByteLanes.toFloat(ByteLanes.signed(blocks, b + 2 + i)).mul(d).intoArray(weights, w + i);
        }
    }
}
