package io.nightshift.kernels.dequantize;

import io.nightshift.kernels.GgmlType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Weights as they are, little-endian. */
final class F32Dequantizer implements RowDequantizer {
    @Override
    public GgmlType type() {
        return GgmlType.F32;
    }

    @Override
    public void dequantize(byte[] blocks, int blocksOffset, float[] weights, int weightsOffset, int count) {
        ByteBuffer.wrap(blocks, blocksOffset, Math.multiplyExact(count, Float.BYTES))
                .order(ByteOrder.LITTLE_ENDIAN)
                .asFloatBuffer()
                .get(weights, weightsOffset, count);
    }
}
