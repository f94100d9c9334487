package io.nightshift.kernels.reference;

import io.nightshift.kernels.GgmlType;
import java.nio.ByteBuffer;

/** Q4_0, Q4_1, Q5_0 and Q5_1. */
final class ScalarLevelBlock extends ScalarBlockQuantizer {
    private final int maxLevel;
    private final boolean affine;

    ScalarLevelBlock(GgmlType type) {
        super(type);
        maxLevel = type == GgmlType.Q4_0 || type == GgmlType.Q4_1 ? 15 : 31;
        affine = type == GgmlType.Q4_1 || type == GgmlType.Q5_1;
    }

    @Override
    void quantize(float[] x, ByteBuffer out) {
        int[] levels = new int[x.length];
        if (affine) {
            float min = Float.MAX_VALUE;
            float max = -Float.MAX_VALUE;
            for (float weight : x) {
                min = weight < min ? weight : min;
                max = weight > max ? weight : max;
            }
            float scale = (max - min) / maxLevel;
            for (int i = 0; i < x.length; i++) {
                levels[i] = Math.min(maxLevel, (byte) truncate((x[i] - min) * inverse(scale) + 0.5f));
            }
            write(scale, min, levels, out);
        } else {
            int half = (maxLevel + 1) / 2;
            float scale = ScalarScaleSearch.largest(x, 0, x.length) / -half;
            for (int i = 0; i < x.length; i++) {
                levels[i] = Math.min(maxLevel, (byte) truncate(x[i] * inverse(scale) + (half + 0.5f)));
            }
            write(scale, 0, levels, out);
        }
    }

    @Override
    void quantize(float[] x, float[] w, ByteBuffer out) {
        if (affine) {
            ScalarScaleMin search = new ScalarScaleMin(x.length, maxLevel, -0.9f, 0.05f, 36, false);
            search.search(x, 0, w);
            write(search.scale, -search.min, search.levels, out);
        } else {
            byte[] quants = new byte[x.length];
            float scale = ScalarScaleSearch.search(x.length, (maxLevel + 1) / 2, x, 0, quants, 0, w, 0);
            int[] levels = new int[x.length];
            for (int i = 0; i < x.length; i++) {
                levels[i] = quants[i];
            }
            write(scale, 0, levels, out);
        }
    }

    private void write(float scale, float min, int[] levels, ByteBuffer out) {
        out.putShort(ScalarHalf.toF16(scale));
        if (affine) {
            out.putShort(ScalarHalf.toF16(min));
        }
        if (maxLevel > 15) {
            int fifths = 0;
            for (int i = 0; i < 32; i++) {
                fifths |= (levels[i] >> 4 & 1) << i;
            }
            out.putInt(fifths);
        }
        for (int i = 0; i < 16; i++) {
            out.put((byte) (levels[i] & 15 | levels[i + 16] << 4));
        }
    }
}
