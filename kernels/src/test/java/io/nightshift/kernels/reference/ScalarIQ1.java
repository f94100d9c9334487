package io.nightshift.kernels.reference;

import static io.nightshift.kernels.reference.ScalarRounding.clamp;
import static io.nightshift.kernels.reference.ScalarRounding.nearest;

import io.nightshift.kernels.Codebooks.Grid;
import io.nightshift.kernels.GgmlType;
import io.nightshift.kernels.HalfFloat;
import java.nio.ByteBuffer;
import java.util.Comparator;
import java.util.stream.IntStream;

/**
 * IQ1_S and IQ1_M (quantize_row_iq1_s_impl, quantize_row_iq1_m_impl), written one weight at a time.
 *
 * <p>A shift is one of four pairs of signs of the offset 1/8, one for each half of a sub-block: ++, +-, -+, --. In
 * IQ1_S the two are the same.
 */
final class ScalarIQ1 extends ScalarSuperBlockQuantizer {
    private static final float[][] VALUES = {{-0.875f, 0.125f, 1.125f}, {-1.125f, -0.125f, 0.875f}};

    private final GgmlType type;
    private final ScalarLattice lattice = ScalarLattice.of(Grid.IQ1S);
    private final int n;

    // Of the super-block.
    private float[] scales;
    private int[] points;
    private int[] shifts;

    // Of the sub-block.
    private int[] levels;
    private int shift;

    ScalarIQ1(GgmlType type) {
        super(type);
        this.type = type;
        n = type == GgmlType.IQ1_S ? 32 : 16;
    }

    @Override
    void quantizeBlock(float[] x, int xOffset, float[] importance, int importanceOffset, ByteBuffer out) {
        if (importance == null && type == GgmlType.IQ1_S) {
            throw new IllegalArgumentException(type + " needs importance");
        }
        float squares = 0;
        for (int i = 0; i < SIZE; i++) {
            squares += x[xOffset + i] * x[xOffset + i];
        }
        float variance = 2 * squares / SIZE;
        float[] weights = new float[SIZE];
        for (int i = 0; i < SIZE; i++) {
            float square = x[xOffset + i] * x[xOffset + i];
            weights[i] = importance == null
                    ? square
                    : importance[importanceOffset + i] * (float) Math.sqrt(variance + square);
        }
        scales = new float[SIZE / n];
        shifts = new int[SIZE / n];
        points = new int[SIZE / 8];
        for (int block = 0; block < SIZE / n; block++) {
            float[] blockX = new float[n];
            float[] blockW = new float[n];
            System.arraycopy(x, xOffset + block * n, blockX, 0, n);
            System.arraycopy(weights, block * n, blockW, 0, n);
            search(blockX, blockW, block);
        }
        if (type == GgmlType.IQ1_S) {
            writeS(out);
        } else {
            writeM(out, x, xOffset, weights);
        }
    }

    private void search(float[] x, float[] w, int block) {
        float max = 0;
        for (float value : x) {
            max = Math.max(max, Math.abs(value));
        }
        if (max < (type == GgmlType.IQ1_S ? 1e-12f : 1e-7f)) {
            return;
        }
        Integer[] order = IntStream.range(0, n)
                .boxed()
                .sorted(Comparator.comparingDouble((Integer i) -> x[i] + 0.0)) // no difference between the two zeros
                .toArray(Integer[]::new);
        float scale = type == GgmlType.IQ1_S ? splitS(x, w, order) : splitM(x, w, order);
        if (shift < 0) {
            return;
        }
        if (scale < 0) {
            for (int i = 0; i < n; i++) {
                levels[i] = 2 - levels[i];
            }
            scale = -scale;
            shift = 3 - shift;
        }
        boolean allOnGrid = true;
        for (int k = 0; k < n / 8; k++) {
            if (lattice.point(levels, 8 * k) < 0) {
                allOnGrid = false;
                lattice.moveToNearest(levels, 8 * k, x, 8 * k, w, 8 * k, scale, values(shift, k));
            }
            points[block * n / 8 + k] = lattice.point(levels, 8 * k);
        }
        if (!allOnGrid) {
            float sumQX = 0;
            float sumQ2 = 0;
            for (int i = 0; i < n; i++) {
                float q = values(shift, i / 8)[levels[i]];
                sumQX += w[i] * q * x[i];
                sumQ2 += w[i] * q * q;
            }
            if (sumQX > 0 && sumQ2 > 0) {
                scale = sumQX / sumQ2;
            }
        }
        scales[block] = scale;
        shifts[block] = shift;
    }

    /** The values of the three levels in a group of eight; in IQ1_S all groups have those of the first. */
    private float[] values(int shift, int group) {
        return VALUES[type == GgmlType.IQ1_M && group == 1 ? shift & 1 : shift >> 1];
    }

    private float splitS(float[] x, float[] w, Integer[] order) {
        float[] sumX = new float[n + 1];
        float[] sumW = new float[n + 1];
        for (int j = 0; j < n; j++) {
            sumX[j + 1] = sumX[j] + w[order[j]] * x[order[j]];
            sumW[j + 1] = sumW[j] + w[order[j]];
        }
        float best = -Float.MAX_VALUE;
        float scale = 0;
        shift = -1;
        for (int i1 = 0; i1 <= n; i1++) {
            for (int i2 = i1; i2 <= n; i2++) {
                for (int s = 0; s < 2; s++) {
                    float[] v = VALUES[s];
                    float sumQX = (sumX[i1] - sumX[0]) * v[0]
                            + (sumX[i2] - sumX[i1]) * v[1]
                            + (sumX[n] - sumX[i2]) * v[2];
                    float sumQ2 = (sumW[i1] - sumW[0]) * v[0] * v[0]
                            + (sumW[i2] - sumW[i1]) * v[1] * v[1]
                            + (sumW[n] - sumW[i2]) * v[2] * v[2];
                    if (sumQ2 > 0 && sumQX * sumQX > best * sumQ2) {
                        scale = sumQX / sumQ2;
                        best = scale * sumQX;
                        shift = 3 * s;
                        split(order, i1, i2);
                    }
                }
            }
        }
        return scale;
    }

    private float splitM(float[] x, float[] w, Integer[] order) {
        float[][] sumX = new float[2][n + 1];
        float[][] sumW = new float[2][n + 1];
        for (int j = 0; j < n; j++) {
            for (int half = 0; half < 2; half++) {
                boolean here = order[j] / 8 == half;
                sumX[half][j + 1] = here ? sumX[half][j] + w[order[j]] * x[order[j]] : sumX[half][j];
                sumW[half][j + 1] = here ? sumW[half][j] + w[order[j]] : sumW[half][j];
            }
        }
        float best = -Float.MAX_VALUE;
        float scale = 0;
        shift = -1;
        for (int i1 = 0; i1 <= n; i1++) {
            for (int i2 = i1; i2 <= n; i2++) {
                for (int s = 0; s < 4; s++) {
                    float sumQX = 0;
                    float sumQ2 = 0;
                    for (int half = 0; half < 2; half++) {
                        float[] v = values(s, half);
                        sumQX += sumX[half][n] * v[2] - (sumX[half][i1] + sumX[half][i2]);
                        sumQ2 += sumW[half][n] * v[2] * v[2]
                                + sumW[half][i1] * (v[0] * v[0] - v[1] * v[1])
                                + sumW[half][i2] * (v[1] * v[1] - v[2] * v[2]);
                    }
                    if (sumQ2 > 0 && sumQX * sumQX > best * sumQ2) {
                        scale = sumQX / sumQ2;
                        best = scale * sumQX;
                        shift = s;
                        split(order, i1, i2);
                    }
                }
            }
        }
        return scale;
    }

    private void split(Integer[] order, int i1, int i2) {
        levels = new int[n];
        for (int j = i1; j < n; j++) {
            levels[order[j]] = j < i2 ? 1 : 2;
        }
    }

    private float largestScale() {
        float max = 0;
        for (float scale : scales) {
            max = Math.max(max, scale);
        }
        return max;
    }

    private void writeS(ByteBuffer out) {
        float max = largestScale();
        float unit = max / 15;
        out.putShort(HalfFloat.fromFloat(unit * 1.125f));
        for (int point : points) {
            out.put((byte) point);
        }
        for (int block = 0; block < 8; block++) {
            int high = 0;
            for (int k = 0; k < 4; k++) {
                high |= points[4 * block + k] >> 8 << 3 * k;
            }
            if (max != 0) {
                int quant = clamp(nearest(0.5f * (1 / unit * scales[block] - 1)), 0, 7);
                high |= quant << 12 | (shifts[block] == 0 ? 0 : 0x8000);
            }
            out.putShort((short) high);
        }
    }

    private void writeM(ByteBuffer out, float[] x, int xOffset, float[] weights) {
        float max = largestScale();
        float unit = max / 15;
        float inverse = 1 / unit;
        int[] words = new int[4];
        int[] high = new int[16];
        float sumQX = 0;
        float sumQ2 = 0;
        for (int block = 0; block < 16; block++) {
            high[block] = points[2 * block] >> 8 | points[2 * block + 1] >> 8 << 4;
            if (max == 0) {
                continue;
            }
            high[block] |= (shifts[block] & 1) << 7 | (shifts[block] & 2) << 2;
            int quant = clamp(nearest(0.5f * (inverse * scales[block] - 1)), 0, 7);
            words[block / 4] |= quant << 3 * (block % 4);
            for (int i = 0; i < 16; i++) {
                int level = lattice.grid.level(points[2 * block + i / 8], i % 8);
                float q = values(shifts[block], i / 8)[level] * (2 * quant + 1);
                float w = weights[16 * block + i];
                sumQX += w * q * x[xOffset + 16 * block + i];
                sumQ2 += w * q * q;
            }
        }
        if (max != 0) {
            int half = HalfFloat.fromFloat((sumQ2 > 0 ? sumQX / sumQ2 : unit) * 1.1125f);
            for (int i = 0; i < 4; i++) {
                words[i] |= (half >> 4 * i & 15) << 12;
            }
        }
        for (int point : points) {
            out.put((byte) point);
        }
        for (int value : high) {
            out.put((byte) value);
        }
        for (int word : words) {
            out.putShort((short) word);
        }
    }
}
