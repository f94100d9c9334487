package io.nightshift.kernels.rounding;

import io.nightshift.kernels.GgmlType;
import io.nightshift.kernels.dequantize.Dequantizers;
import io.nightshift.kernels.dequantize.RowDequantizer;
import io.nightshift.kernels.quantize.Quantizers;
import io.nightshift.kernels.quantize.RowQuantizer;

/** Quantizes and dequantizes. */
final class NearestBlocks implements NearestRounding {
    private final RowQuantizer quantizer;
    private final RowDequantizer dequantizer;
    private byte[] blocks = {};

    NearestBlocks(GgmlType type) {
        quantizer = Quantizers.create(type);
        dequantizer = Dequantizers.of(type);
    }

    @Override
    public void round(float[] weights, int at, int rows, int columns, float[] importance, float[] rounded) {
        int bytes = Math.toIntExact(rows * quantizer.type().rowBytes(columns));
        if (blocks.length < bytes) {
            blocks = new byte[bytes];
        }
        quantizer.quantize(weights, at, rows, columns, importance, 0, blocks, 0);
        dequantizer.dequantize(blocks, 0, rounded, 0, rows * columns);
    }
}
