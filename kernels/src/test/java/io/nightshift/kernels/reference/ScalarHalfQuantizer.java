package io.nightshift.kernels.reference;

import io.nightshift.kernels.GgmlType;
import io.nightshift.kernels.quantize.RowQuantizer;

/** F16 and BF16, one weight at a time. */
record ScalarHalfQuantizer(GgmlType type) implements RowQuantizer {
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
        for (int i = 0; i < rows * columns; i++) {
            float weight = weights[weightsOffset + i];
            short half = type == GgmlType.F16 ? ScalarHalf.toF16(weight) : ScalarHalf.toBF16(weight);
            blocks[blocksOffset + 2 * i] = (byte) half;
            blocks[blocksOffset + 2 * i + 1] = (byte) (half >> 8);
        }
    }
}
