package io.nightshift.kernels.reference;

import static io.nightshift.kernels.reference.ScalarRounding.clamp;
import static io.nightshift.kernels.reference.ScalarRounding.nearest;

/** Searches the scale of one sub-block whose quants run from -levels to levels - 1 (make_qx_quants, rmse_type 1). */
final class ScalarScaleSearch {
    static final float ZERO = 1e-15f;

    private ScalarScaleSearch() {}

    /**
     * Finds the scale.
     *
     * @param quants receives the quants plus levels, or zeros where all of x are zero
     * @param w importance of each element, or null for the squares of x
     */
    static float search(int n, int levels, float[] x, int xOffset, byte[] quants, int quantsOffset, float[] w, int wOffset) {
        float max = largest(x, xOffset, n);
        if (Math.abs(max) < ZERO) {
            for (int i = 0; i < n; i++) {
                quants[quantsOffset + i] = 0;
            }
            return 0;
        }
        float scale = 0;
        float best = 0;
        for (int candidate = 0; candidate < 19; candidate++) {
            int step = candidate == 0 ? 0 : candidate < 10 ? candidate - 10 : candidate - 9;
            float inverse = candidate == 0 ? -levels / max : -(levels + 0.1f * step) / max;
            float sumLx = 0;
            float sumL2 = 0;
            for (int i = 0; i < n; i++) {
                float xi = x[xOffset + i];
                int l = clamp(nearest(inverse * xi), -levels, levels - 1);
                float wi = w == null ? xi * xi : w[wOffset + i];
                sumLx += wi * xi * l;
                sumL2 += wi * l * l;
            }
            if (candidate == 0) {
                scale = sumL2 != 0 ? sumLx / sumL2 : 0;
                best = scale * sumLx;
                round(n, levels, inverse, x, xOffset, quants, quantsOffset);
            } else if (sumL2 > 0 && sumLx * sumLx > best * sumL2) {
                scale = sumLx / sumL2;
                best = scale * sumLx;
                round(n, levels, inverse, x, xOffset, quants, quantsOffset);
            }
        }
        return scale;
    }

    /** The first element of the largest magnitude. */
    static float largest(float[] x, int offset, int n) {
        float max = 0;
        for (int i = offset; i < offset + n; i++) {
            if (Math.abs(x[i]) > Math.abs(max)) {
                max = x[i];
            }
        }
        return max;
    }

    private static void round(
            int n, int levels, float inverse, float[] x, int xOffset, byte[] quants, int quantsOffset) {
        for (int i = 0; i < n; i++) {
            quants[quantsOffset + i] = (byte) (levels + clamp(nearest(inverse * x[xOffset + i]), -levels, levels - 1));
        }
    }
}
