package io.nightshift.kernels.reference;

import static io.nightshift.kernels.reference.ScalarRounding.clamp;
import static io.nightshift.kernels.reference.ScalarRounding.nearest;

import io.nightshift.kernels.GgmlType;
import io.nightshift.kernels.HalfFloat;
import java.nio.ByteBuffer;

/** Q6_K (quantize_row_q6_K_ref, quantize_row_q6_K_impl). */
final class ScalarQ6K extends ScalarSuperBlockQuantizer {
    ScalarQ6K() {
        super(GgmlType.Q6_K);
    }

    @Override
    void quantizeBlock(float[] x, int xOffset, float[] importance, int importanceOffset, ByteBuffer out) {
        byte[] quants = new byte[SIZE];
        float[] scales = new float[16];
        for (int s = 0; s < 16; s++) {
            scales[s] = ScalarScaleSearch.search(
                    16, 32, x, xOffset + 16 * s, quants, 16 * s, importance, importanceOffset + 16 * s);
        }
        float max = ScalarScaleSearch.largest(scales, 0, 16);
        if (Math.abs(max) < ScalarScaleSearch.ZERO) {
            out.put(new byte[GgmlType.Q6_K.blockBytes()]);
            return;
        }
        float inverse = -128f / max;
        short superScale = HalfFloat.fromFloat(1 / inverse);
        byte[] quantizedScales = new byte[16];
        for (int s = 0; s < 16; s++) {
            quantizedScales[s] = (byte) Math.min(127, nearest(inverse * scales[s]));
            float step = HalfFloat.toFloat(superScale) * quantizedScales[s];
            if (step == 0) {
                continue;
            }
            for (int i = 16 * s; i < 16 * s + 16; i++) {
                quants[i] = (byte) (clamp(nearest(x[xOffset + i] / step), -32, 31) + 32);
            }
        }
        byte[] upper = new byte[64];
        for (int half = 0; half < 2; half++) {
            for (int i = 0; i < 64; i++) {
                int first = quants[128 * half + i];
                int second = quants[128 * half + 64 + i];
                out.put((byte) (first & 15 | (second & 15) << 4));
                upper[32 * half + i % 32] |= (byte) ((first >> 4 | second >> 4 << 4) << i / 32 * 2);
            }
        }
        out.put(upper).put(quantizedScales).putShort(superScale);
    }
}
