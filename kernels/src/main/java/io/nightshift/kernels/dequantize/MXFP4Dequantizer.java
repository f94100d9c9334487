package io.nightshift.kernels.dequantize;

import io.nightshift.kernels.Codebooks;
import io.nightshift.kernels.GgmlType;

/** Blocks of 32: the exponent of a scale, 16 bytes with two numbers of table values. */
final class MXFP4Dequantizer implements RowDequantizer {
    private static final float[] VALUES = TableValues.floats(Codebooks.mxfp4());

    @Override
    public GgmlType type() {
        return GgmlType.MXFP4;
    }

    @Override
    public void dequantize(byte[] blocks, int blocksOffset, float[] weights, int weightsOffset, int count) {
        int end = Math.toIntExact(blocksOffset + GgmlType.MXFP4.rowBytes(count));
        for (int b = blocksOffset, w = weightsOffset; b < end; b += 17, w += 32) {
            block(blocks, b, weights, w);
        }
    }

    private static void block(byte[] blocks, int b, float[] weights, int w) {
        float d = scale(ByteLanes.uint8(blocks, b));
        TableValues.thirtyTwo(VALUES, d, blocks, b + 1, weights, w);
    }

    /** Half of 2 to the power of e - 127, for the values are doubled; {@code ggml_e8m0_to_fp32_half}. */
    private static float scale(int e) {
        return Float.intBitsToFloat(e < 2 ? 0x00200000 << e : e - 1 << 23);
    }
}
