package io.nightshift.kernels.reference;

import static io.nightshift.kernels.reference.ScalarRounding.clamp;
import static io.nightshift.kernels.reference.ScalarRounding.nearest;

import io.nightshift.kernels.Codebooks.Grid;
import io.nightshift.kernels.GgmlType;
import io.nightshift.kernels.HalfFloat;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * IQ2_XXS, IQ2_XS, IQ2_S, IQ3_XXS and IQ3_S (quantize_row_iq2_xxs_impl and its siblings), written one weight at a time.
 */
final class ScalarMagnitudes extends ScalarSuperBlockQuantizer {
    private final GgmlType type;
    private final ScalarLattice lattice;
    private final int dimensions;
    private final int levelCount;
    private final int n;
    private final boolean evenSigns;
    private final float[] values;

    // Of the super-block.
    private float[] scales;
    private int[] points;
    private int[] signs;

    ScalarMagnitudes(GgmlType type) {
        super(type);
        this.type = type;
        lattice = ScalarLattice.of(switch (type) {
            case IQ2_XXS -> Grid.IQ2XXS;
            case IQ2_XS -> Grid.IQ2XS;
            case IQ2_S -> Grid.IQ2S;
            case IQ3_XXS -> Grid.IQ3XXS;
            case IQ3_S -> Grid.IQ3S;
            default -> throw new IllegalArgumentException(type.toString());
        });
        dimensions = lattice.grid.dimensions();
        levelCount = dimensions == 8 ? 3 : 8;
        n = type == GgmlType.IQ2_XS || type == GgmlType.IQ2_S ? 16 : 32;
        evenSigns = type != GgmlType.IQ2_S && type != GgmlType.IQ3_S;
        values = new float[levelCount];
        for (int level = 0; level < levelCount; level++) {
            values[level] = 2 * level + 1;
        }
    }

    @Override
    void quantizeBlock(float[] x, int xOffset, float[] importance, int importanceOffset, ByteBuffer out) {
        if (importance == null && (type == GgmlType.IQ2_XXS || type == GgmlType.IQ2_XS)) {
            throw new IllegalArgumentException(type + " needs importance");
        }
        float squares = 0;
        for (int i = 0; i < SIZE; i++) {
            squares += x[xOffset + i] * x[xOffset + i];
        }
        boolean doubled = type != GgmlType.IQ2_XXS && type != GgmlType.IQ2_XS;
        float variance = (doubled ? 2 * squares : squares) / SIZE;
        scales = new float[SIZE / n];
        points = new int[SIZE / dimensions];
        signs = new int[SIZE / 8];
        int written = 0;
        for (int block = 0; block < SIZE / n; block++) {
            float[] weights = new float[n];
            for (int i = 0; i < n; i++) {
                float xi = x[xOffset + block * n + i];
                if (importance != null) {
                    weights[i] = importance[importanceOffset + block * n + i] * (float) Math.sqrt(variance + xi * xi);
                } else {
                    weights[i] = type == GgmlType.IQ2_S ? 0.25f * variance + xi * xi : xi * xi;
                }
            }
            // IQ3_S does not leave room for the sub-blocks that it skips.
            int place = type == GgmlType.IQ3_S ? written : block;
            if (search(x, xOffset + block * n, weights, block, place)) {
                written++;
            }
        }
        write(out);
    }

    private boolean search(float[] x, int xOffset, float[] w, int block, int place) {
        float[] magnitudes = new float[n];
        int[] minus = new int[n / 8];
        for (int i = 0; i < n; i++) {
            float xi = x[xOffset + i];
            magnitudes[i] = xi >= 0 ? xi : -xi;
            minus[i / 8] |= xi >= 0 ? 0 : 1 << i % 8;
        }
        for (int k = 0; evenSigns && k < n / 8; k++) {
            if (Integer.bitCount(minus[k]) % 2 == 1) {
                int cheapest = 8 * k;
                for (int i = 8 * k + 1; i < 8 * k + 8; i++) {
                    if (w[i] * x[xOffset + i] * x[xOffset + i]
                            < w[cheapest] * x[xOffset + cheapest] * x[xOffset + cheapest]) {
                        cheapest = i;
                    }
                }
                magnitudes[cheapest] = -magnitudes[cheapest];
                minus[k] ^= 1 << cheapest % 8;
            }
        }
        float max = magnitudes[0];
        float[] roots = new float[n];
        for (int i = 0; i < n; i++) {
            max = max > magnitudes[i] ? max : magnitudes[i];
            roots[i] = (float) Math.sqrt(w[i]);
        }
        float smallest =
                switch (type) {
                    case IQ2_XXS, IQ2_XS -> 1e-15f;
                    case IQ3_S -> Float.MIN_VALUE;
                    default -> 1e-8f;
                };
        if (max < smallest) {
            return false;
        }
        int[] levels = new int[n];
        float scale = fit(magnitudes, w, roots, max, levels);
        if (scale < 0) {
            scale = -scale;
            for (int k = 0; k < n / 8; k++) {
                minus[k] = ~minus[k] & 255;
            }
        }
        if (scale != scale || max == 0) {
            throw new AssertionError("ggml stops here");
        }
        if (type == GgmlType.IQ2_XXS && levels[0] < 0) {
            return false;
        }
        scales[block] = scale;
        for (int k = 0; k < n / 8; k++) {
            signs[place * n / 8 + k] = evenSigns ? minus[k] & 127 : minus[k];
        }
        for (int k = 0; k < n / dimensions; k++) {
            int point = lattice.point(levels, dimensions * k);
            if (type == GgmlType.IQ3_S) {
                points[place * 8 + k] |= point & 255;
                points[block * 8 + k] |= point & 256;
            } else {
                points[block * n / dimensions + k] = point;
            }
        }
        return true;
    }

    private float fit(float[] x, float[] w, float[] roots, float max, int[] levels) {
        int highest = 2 * levelCount - 1;
        float scale = max / highest;
        float unit = max;
        int steps = type == GgmlType.IQ3_XXS ? 15 : 9;
        float step = dimensions == 8 ? 0.1f : 0.2f;
        if (type == GgmlType.IQ2_XXS) {
            scale = ScalarScaleRounding.round(x, w, levelCount + 1, levels);
            unit = scale * levelCount;
            steps = 6;
            if (unit <= 0) {
                levels[0] = -1;
                return 0;
            }
        }
        int groups = n / dimensions;
        boolean[] onGrid = new boolean[groups];
        Arrays.fill(onGrid, type != GgmlType.IQ3_S);
        float best = 0;
        for (int s = -steps; s <= steps; s++) {
            float inverse = (highest + s * step) / unit;
            int[] candidate = new int[n];
            boolean[] candidateOnGrid = new boolean[groups];
            for (int k = 0; k < groups; k++) {
                candidateOnGrid[k] = round(x, roots, k, inverse, 1 / inverse, candidate);
            }
            float sumXQ = sum(x, w, candidate, false);
            float sumQ2 = sum(x, w, candidate, true);
            if (sumQ2 > 0 && sumXQ * sumXQ > best * sumQ2) {
                scale = sumXQ / sumQ2;
                best = scale * sumXQ;
                System.arraycopy(candidate, 0, levels, 0, n);
                onGrid = candidateOnGrid;
            }
        }
        boolean all = true;
        for (boolean on : onGrid) {
            all &= on;
        }
        if (scale > 0 && (!all || type == GgmlType.IQ2_XXS)) {
            for (int k = 0; k < groups; k++) {
                if (!onGrid[k] || type == GgmlType.IQ2_XXS || type == GgmlType.IQ3_S) {
                    round(x, roots, k, 1 / scale, scale, levels);
                }
            }
            float sumQ2 = sum(x, w, levels, true);
            if (sumQ2 > 0) {
                scale = sum(x, w, levels, false) / sumQ2;
            }
        }
        return scale;
    }

    private boolean round(float[] x, float[] roots, int k, float inverse, float scale, int[] levels) {
        for (int i = dimensions * k; i < dimensions * (k + 1); i++) {
            levels[i] = clamp(nearest(0.5f * (inverse * x[i] - 1)), 0, levelCount - 1);
        }
        if (lattice.point(levels, dimensions * k) >= 0) {
            return true;
        }
        lattice.moveToNearest(levels, dimensions * k, x, dimensions * k, roots, dimensions * k, scale, values);
        return false;
    }

    private float sum(float[] x, float[] w, int[] levels, boolean squares) {
        float sum = 0;
        for (int i = 0; i < n; i++) {
            float q = 2 * levels[i] + 1;
            sum += squares ? w[i] * q * q : w[i] * x[i] * q;
        }
        return sum;
    }

    private void write(ByteBuffer out) {
        float max = 0;
        for (float scale : scales) {
            max = Math.max(max, scale);
        }
        float unit = max / 31;
        float factor =
                switch (type) {
                    case IQ2_S -> 0.9875f;
                    case IQ3_XXS -> 1.0125f;
                    case IQ3_S -> 1.033f;
                    default -> 1;
                };
        out.putShort(HalfFloat.fromFloat(unit * factor));
        boolean keepsPoints = type == GgmlType.IQ2_S || type == GgmlType.IQ3_S;
        if (max == 0 && !keepsPoints) {
            out.put(new byte[type.blockBytes() - 2]);
            return;
        }
        int[] quants = new int[scales.length];
        for (int i = 0; max != 0 && i < quants.length; i++) {
            quants[i] = clamp(nearest(0.5f * (1 / unit * scales[i] - 1)), 0, 15);
        }
        switch (type) {
            case IQ2_XXS -> {
                for (int block = 0; block < 8; block++) {
                    for (int k = 0; k < 4; k++) {
                        out.put((byte) points[4 * block + k]);
                    }
                    out.putInt(signsAndScale(block, quants));
                }
            }
            case IQ2_XS -> {
                for (int k = 0; k < 32; k++) {
                    out.putShort((short) (points[k] | signs[k] << 9));
                }
                putNibbles(out, quants);
            }
            case IQ2_S -> {
                putBytes(out, points);
                putBytes(out, signs);
                for (int k = 0; k < 32; k += 4) {
                    out.put((byte) (points[k] >> 8
                            | points[k + 1] >> 8 << 2
                            | points[k + 2] >> 8 << 4
                            | points[k + 3] >> 8 << 6));
                }
                putNibbles(out, quants);
            }
            case IQ3_XXS -> {
                putBytes(out, points);
                for (int block = 0; block < 8; block++) {
                    out.putInt(signsAndScale(block, quants));
                }
            }
            default -> {
                putBytes(out, points);
                for (int block = 0; block < 8; block++) {
                    int high = 0;
                    for (int k = 0; k < 8; k++) {
                        high |= points[8 * block + k] >> 8 << k;
                    }
                    out.put((byte) high);
                }
                putBytes(out, signs);
                putNibbles(out, quants);
            }
        }
    }

    private int signsAndScale(int block, int[] quants) {
        int word = quants[block] << 28;
        for (int k = 0; k < 4; k++) {
            word |= signs[4 * block + k] << 7 * k;
        }
        return word;
    }

    private static void putBytes(ByteBuffer out, int[] values) {
        for (int value : values) {
            out.put((byte) value);
        }
    }

    private static void putNibbles(ByteBuffer out, int[] values) {
        for (int i = 0; i < values.length; i += 2) {
            out.put((byte) (values[i] | values[i + 1] << 4));
        }
    }
}
