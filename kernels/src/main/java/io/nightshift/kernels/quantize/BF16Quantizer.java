package io.nightshift.kernels.quantize;

import io.nightshift.kernels.BF16;
import io.nightshift.kernels.GgmlType;

/** Weights rounded to brain floats, ties to even. */
final class BF16Quantizer implements RowQuantizer {
    @Override
    public GgmlType type() {
        return GgmlType.BF16;
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
        BF16.fromFloats(weights, weightsOffset, blocks, blocksOffset, Math.multiplyExact(rows, columns));
    }
}
