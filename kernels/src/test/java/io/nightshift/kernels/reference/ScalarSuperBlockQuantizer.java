package io.nightshift.kernels.reference;

import io.nightshift.kernels.GgmlType;
import io.nightshift.kernels.quantize.RowQuantizer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Quantizes super-blocks of 256 weights one after another. */
abstract class ScalarSuperBlockQuantizer implements RowQuantizer {
    static final int SIZE = 256;

    private final GgmlType type;

    ScalarSuperBlockQuantizer(GgmlType type) {
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
        int blocksPerRow = columns / SIZE;
        for (int block = 0; block < rows * blocksPerRow; block++) {
            ByteBuffer out = ByteBuffer.wrap(blocks, blocksOffset + block * type.blockBytes(), type.blockBytes())
                    .slice()
                    .order(ByteOrder.LITTLE_ENDIAN);
            int x = weightsOffset + block * SIZE;
            if (importance == null) {
                quantizeBlock(weights, x, null, 0, out);
            } else {
                quantizeBlock(weights, x, importance, importanceOffset + block % blocksPerRow * SIZE, out);
            }
        }
    }

    abstract void quantizeBlock(float[] x, int xOffset, float[] importance, int importanceOffset, ByteBuffer out);
}
