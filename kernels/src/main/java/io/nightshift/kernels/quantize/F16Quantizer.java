package io.nightshift.kernels.quantize;

import io.nightshift.kernels.F16;
import io.nightshift.kernels.GgmlType;

/** Weights rounded to IEEE half precision, ties to even. */
final class F16Quantizer implements RowQuantizer {
    @Override
    public GgmlType type() {
        return GgmlType.F16;
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
        F16.fromFloats(weights, weightsOffset, blocks, blocksOffset, Math.multiplyExact(rows, columns));
    }
}
