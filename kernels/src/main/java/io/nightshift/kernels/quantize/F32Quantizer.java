package io.nightshift.kernels.quantize;

import io.nightshift.kernels.GgmlType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Weights as they are, little-endian. */
final class F32Quantizer implements RowQuantizer {
    @Override
    public GgmlType type() {
        return GgmlType.F32;
    }

    @Override
    public void quantize(
            float[] weights,
            int weightsOffset,
            int rows,
            int columns,
            float[] importance,
            int importanceOffset,
            byte[] blocks,
            int blocksOffset) {
        int count = Math.multiplyExact(rows, columns);
        ByteBuffer.wrap(blocks, blocksOffset, Math.multiplyExact(count, Float.BYTES))
                .order(ByteOrder.LITTLE_ENDIAN)
                .asFloatBuffer()
                .put(weights, weightsOffset, count);
    }
}
