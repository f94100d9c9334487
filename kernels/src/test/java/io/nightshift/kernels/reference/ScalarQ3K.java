package io.nightshift.kernels.reference;

import static io.nightshift.kernels.reference.ScalarRounding.clamp;
import static io.nightshift.kernels.reference.ScalarRounding.nearest;

import io.nightshift.kernels.GgmlType;
import io.nightshift.kernels.HalfFloat;
import java.nio.ByteBuffer;

/** Q3_K (quantize_row_q3_K_ref, quantize_row_q3_K_impl). */
final class ScalarQ3K extends ScalarSuperBlockQuantizer {
    ScalarQ3K() {
        super(GgmlType.Q3_K);
    }

    @Override
    void quantizeBlock(float[] x, int xOffset, float[] importance, int importanceOffset, ByteBuffer out) {
        byte[] quants = new byte[SIZE];
        float[] scales = new float[16];
        byte[] scaleQuants = new byte[16];
        float scale = importance == null
                ? search(x, xOffset, quants, scales, scaleQuants)
                : search(x, xOffset, importance, importanceOffset, quants, scales, scaleQuants);
        short superScale = HalfFloat.fromFloat(scale);
        for (int s = 0; s < 16; s++) {
            float step = HalfFloat.toFloat(superScale) * (scaleQuants[s] - 32);
            for (int i = 16 * s; i < 16 * s + 16 && step != 0; i++) {
                quants[i] = (byte) (clamp(nearest(x[xOffset + i] / step), -4, 3) + 4);
            }
        }
        byte[] upper = new byte[32];
        byte[] lower = new byte[64];
        for (int i = 0; i < SIZE; i++) {
            upper[i % 32] |= (byte) (quants[i] >> 2 << i / 32);
            lower[i / 128 * 32 + i % 32] |= (byte) ((quants[i] & 3) << i / 32 % 4 * 2);
        }
        byte[] packedScales = new byte[12];
        for (int s = 0; s < 16; s++) {
            packedScales[s % 8] |= (byte) ((scaleQuants[s] & 15) << s / 8 * 4);
            packedScales[8 + s % 4] |= (byte) (scaleQuants[s] >> 4 << s / 4 * 2);
        }
        out.put(upper).put(lower).put(packedScales).putShort(superScale);
    }

    private static float search(float[] x, int xOffset, byte[] quants, float[] scales, byte[] scaleQuants) {
        for (int s = 0; s < 16; s++) {
            scales[s] = refine(x, xOffset + 16 * s, quants, 16 * s);
        }
        float max = ScalarScaleSearch.largest(scales, 0, 16);
        if (max == 0) {
            return 0;
        }
        float inverse = -32f / max;
        for (int s = 0; s < 16; s++) {
            scaleQuants[s] = (byte) (clamp(nearest(inverse * scales[s]), -32, 31) + 32);
        }
        return 1 / inverse;
    }

    private static float search(
            float[] x,
            int xOffset,
            float[] importance,
            int importanceOffset,
            byte[] quants,
            float[] scales,
            byte[] scaleQuants) {
        float sumX2 = 0;
        for (int i = 0; i < SIZE; i++) {
            sumX2 += x[xOffset + i] * x[xOffset + i];
        }
        float sigma2 = 2 * sumX2 / SIZE;
        float[] weighed = new float[16];
        float[] sums = new float[16];
        for (int s = 0; s < 16; s++) {
            for (int i = 0; i < 16; i++) {
                float xi = x[xOffset + 16 * s + i];
                weighed[i] = importance[importanceOffset + 16 * s + i] * (float) Math.sqrt(sigma2 + xi * xi);
                sums[s] += weighed[i];
            }
            scales[s] = ScalarScaleSearch.search(16, 4, x, xOffset + 16 * s, quants, 16 * s, weighed, 0);
        }
        return ScalarScaleSearch.search(16, 32, scales, 0, scaleQuants, 0, sums, 0);
    }

    /** The scale of one sub-block, refined one quant at a time (make_q3_quants). */
    private static float refine(float[] x, int xOffset, byte[] quants, int quantsOffset) {
        float max = ScalarScaleSearch.largest(x, xOffset, 16);
        if (Math.abs(max) < ScalarScaleSearch.ZERO) {
            return 0;
        }
        float inverse = -4 / max;
        int[] l = new int[16];
        float sumLx = 0;
        float sumL2 = 0;
        for (int i = 0; i < 16; i++) {
            float xi = x[xOffset + i];
            float w = xi * xi;
            l[i] = clamp(nearest(inverse * xi), -4, 3);
            sumLx += w * xi * l[i];
            sumL2 += w * l[i] * l[i];
        }
        boolean changed = true;
        for (int round = 0; round < 5 && changed; round++) {
            changed = false;
            for (int i = 0; i < 16; i++) {
                float xi = x[xOffset + i];
                float w = xi * xi;
                float newLx = sumLx - w * xi * l[i];
                if (!(newLx > 0)) {
                    continue;
                }
                float newL2 = sumL2 - w * l[i] * l[i];
                int newL = clamp(nearest(xi * newL2 / newLx), -4, 3);
                if (newL == l[i]) {
                    continue;
                }
                newLx += w * xi * newL;
                newL2 += w * newL * newL;
                if (newL2 > 0 && newLx * newLx * sumL2 > sumLx * sumLx * newL2) {
                    l[i] = newL;
                    sumLx = newLx;
                    sumL2 = newL2;
                    changed = true;
                }
            }
        }
        for (int i = 0; i < 16; i++) {
            quants[quantsOffset + i] = (byte) (l[i] + 4);
        }
        return sumL2 > 0 ? sumLx / sumL2 : 0;
    }
}
