package io.nightshift.kernels.reference;

import io.nightshift.kernels.GgmlType;
import io.nightshift.kernels.quantize.RowQuantizer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/** Cuts rows into blocks, which are quantized one by one. */
abstract class ScalarBlockQuantizer implements RowQuantizer {
    private final GgmlType type;

    ScalarBlockQuantizer(GgmlType type) {
        this.type = type;
    }

    @Override
    public final GgmlType type() {
        return type;
    }

    @Override
    public final void quantize(
            float[] weights,
            int weightsOffset,
            int rows,
            int columns,
            float[] importance,
            int importanceOffset,
            byte[] blocks,
            int blocksOffset) {
        type.rowBytes(columns);
        int size = type.blockSize();
        ByteBuffer out = ByteBuffer.wrap(blocks, blocksOffset, blocks.length - blocksOffset)
                .order(ByteOrder.LITTLE_ENDIAN);
        for (int row = 0; row < rows; row++) {
            int start = weightsOffset + row * columns;
            float squares = 0;
            for (int i = 0; i < columns; i++) {
                squares += weights[start + i] * weights[start + i];
            }
            float variance = squares / columns;
            for (int column = 0; column < columns; column += size) {
                float[] x = Arrays.copyOfRange(weights, start + column, start + column + size);
                if (importance == null) {
                    quantize(x, out);
                } else {
                    float[] w = new float[size];
                    for (int i = 0; i < size; i++) {
                        w[i] = importance[importanceOffset + column + i] * (float) Math.sqrt(variance + x[i] * x[i]);
                    }
                    quantize(x, w, out);
                }
            }
        }
    }

    /** Appends a block. */
    abstract void quantize(float[] x, ByteBuffer out);

    /** Appends a block, each error weighing {@code w[i]}. */
    void quantize(float[] x, float[] w, ByteBuffer out) {
        quantize(x, out);
    }

    static float largestMagnitude(float[] x) {
        return Math.abs(ScalarScaleSearch.largest(x, 0, x.length));
    }

    static float inverse(float scale) {
        return scale != 0 ? 1 / scale : 0;
    }

    /** A conversion to an integer as x86 does it: what is out of range, or NaN, becomes the least integer. */
    static int truncate(float value) {
        return Math.abs(value) < 0x1p31f ? (int) value : Integer.MIN_VALUE;
    }

    /** The nearest integer, halves away from zero. */
    static int round(float value) {
        return Math.abs(value) < 0x1p31f ? (int) (value + Math.copySign(0.5, value)) : Integer.MIN_VALUE;
    }
}
