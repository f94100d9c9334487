package io.nightshift.kernels.reference;

import static io.nightshift.kernels.reference.ScalarRounding.clamp;
import static io.nightshift.kernels.reference.ScalarRounding.nearest;

import io.nightshift.kernels.Codebooks;
import io.nightshift.kernels.GgmlType;
import io.nightshift.kernels.quantize.RowQuantizer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/** IQ4_NL and IQ4_XS (quantize_row_iq4_nl_impl with ntry 7). */
final class ScalarNonlinear implements RowQuantizer {
    private static final int SIZE = 32;
    private static final byte[] VALUES = Codebooks.iq4nl();

    private final GgmlType type;

    ScalarNonlinear(GgmlType type) {
        this.type = type;
    }

    @Override
    public GgmlType type() {
        return type;
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
        type.rowBytes(columns);
        int size = type.blockSize();
        ByteBuffer out = ByteBuffer.wrap(blocks, blocksOffset, blocks.length - blocksOffset)
                .order(ByteOrder.LITTLE_ENDIAN);
        for (int row = 0; row < rows; row++) {
            for (int column = 0; column < columns; column += size) {
                int start = weightsOffset + row * columns + column;
                float[] x = Arrays.copyOfRange(weights, start, start + size);
                float[] scales = scales(x, importance, importanceOffset + column);
                if (type == GgmlType.IQ4_XS) {
                    writeSuperBlock(x, scales, out);
                } else {
                    out.putShort(ScalarHalf.toF16(scales[0]));
                    writeLevels(x, 0, ScalarBlockQuantizer.inverse(scales[0]), out);
                }
            }
        }
    }

    private static float[] scales(float[] x, float[] importance, int importanceOffset) {
        float squares = 0;
        for (float weight : x) {
            squares += weight * weight;
        }
        float variance = squares * (2f / x.length);
        float[] scales = new float[x.length / SIZE];
        for (int first = 0; first < x.length; first += SIZE) {
            float[] w = new float[SIZE];
            for (int i = 0; i < SIZE; i++) {
                float square = x[first + i] * x[first + i];
                w[i] = importance == null
                        ? square
                        : importance[importanceOffset + first + i] * (float) Math.sqrt(variance + square);
            }
            scales[first / SIZE] = scale(Arrays.copyOfRange(x, first, first + SIZE), w);
        }
        return scales;
    }

    private static float scale(float[] x, float[] w) {
        float max = ScalarScaleSearch.largest(x, 0, SIZE);
        if (Math.abs(max) < ScalarScaleSearch.ZERO) {
            return 0;
        }
        float scale = 0;
        float best = 0;
        for (int candidate = 0; candidate < 16; candidate++) {
            // First the largest weight at 127, then at -134 to -120.
            float inverse = candidate == 0 ? 1 / (max / 127) : (candidate - 135) / max;
            float sumQx = 0;
            float sumQ2 = 0;
            for (int i = 0; i < SIZE; i++) {
                float q = VALUES[level(inverse * x[i])];
                sumQx += w[i] * q * x[i];
                sumQ2 += w[i] * q * q;
            }
            if (sumQ2 > 0 && (candidate == 0 || sumQx * sumQx > best * sumQ2)) {
                scale = sumQx / sumQ2;
                best = scale * sumQx;
            }
        }
        return scale;
    }

    private static void writeSuperBlock(float[] x, float[] scales, ByteBuffer out) {
        float d = -ScalarScaleSearch.largest(scales, 0, scales.length) / 32;
        float inverse = ScalarBlockQuantizer.inverse(d);
        int high = 0;
        int low = 0;
        float[] inverses = new float[scales.length];
        for (int i = 0; i < scales.length; i++) {
            int quant = clamp(nearest(inverse * scales[i]), -32, 31);
            inverses[i] = ScalarBlockQuantizer.inverse(d * quant);
            low |= (quant + 32 & 15) << 4 * i;
            high |= (quant + 32 >> 4) << 2 * i;
        }
        out.putShort(ScalarHalf.toF16(d)).putShort((short) high).putInt(low);
        for (int i = 0; i < scales.length; i++) {
            writeLevels(x, SIZE * i, inverses[i], out);
        }
    }

    private static void writeLevels(float[] x, int first, float inverse, ByteBuffer out) {
        for (int i = first; i < first + SIZE / 2; i++) {
            out.put((byte) (level(inverse * x[i]) | level(inverse * x[i + SIZE / 2]) << 4));
        }
    }

    /** The index of the nearest value, of two equally near ones the upper (best_index_int8). */
    private static int level(float x) {
        if (x <= VALUES[0]) {
            return 0;
        }
        if (x >= VALUES[15]) {
            return 15;
        }
        int below = 0;
        int above = 15;
        while (above - below > 1) {
            int middle = (below + above) / 2;
            if (x < VALUES[middle]) {
                above = middle;
            } else {
                below = middle;
            }
        }
        return x - VALUES[above - 1] < VALUES[above] - x ? above - 1 : above;
    }
}
