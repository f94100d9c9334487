package io.nightshift.kernels.reference;

import io.nightshift.kernels.HalfFloat;
import io.nightshift.kernels.quantize.RowQuantizer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/** Q2_K, Q4_K and Q5_K, one super-block after another: the part that the types share. */
abstract class ScalarSuperBlock implements RowQuantizer {
    static final int WEIGHTS = 256;

    final int size;
    final int count;
    final int maxLevel;
    final int maxScale;
    private final ScalarScaleMin plainSearch;
    private final ScalarScaleMin weightedSearch;
    private final float spread;

    ScalarSuperBlock(int size, int maxLevel, int maxScale, ScalarScaleMin plainSearch, float spread) {
        this.size = size;
        this.maxLevel = maxLevel;
        this.maxScale = maxScale;
        this.plainSearch = plainSearch;
        this.spread = spread;
        weightedSearch = new ScalarScaleMin(size, maxLevel, -0.9f, 0.05f, 36, false);
        count = WEIGHTS / size;
    }

    /** What the errors of a sub-block weigh where there is no importance. */
    abstract float[] errorWeights(float[] x, int offset);

    /** Packs scales and minima, and replaces them by what a reader gets back. */
    abstract byte[] packScales(int[] scales, int[] mins, boolean weighted);

    abstract byte[] packLevels(int[] levels);

    abstract void write(ByteBuffer block, short d, short dmin, byte[] scales, byte[] levels);

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
        ByteBuffer out = ByteBuffer.wrap(blocks, blocksOffset, Math.toIntExact(rows * type().rowBytes(columns)))
                .order(ByteOrder.LITTLE_ENDIAN);
        for (int row = 0; row < rows; row++) {
            for (int column = 0; column < columns; column += WEIGHTS) {
                float[] x = Arrays.copyOfRange(
                        weights,
                        weightsOffset + row * columns + column,
                        weightsOffset + row * columns + column + WEIGHTS);
                if (importance == null) {
                    quantizePlain(x, out);
                } else {
                    int from = importanceOffset + column;
                    quantizeWeighted(x, Arrays.copyOfRange(importance, from, from + WEIGHTS), out);
                }
            }
        }
    }

    private void quantizePlain(float[] x, ByteBuffer out) {
        int[] levels = new int[WEIGHTS];
        float[] scales = new float[count];
        float[] mins = new float[count];
        for (int j = 0; j < count; j++) {
            plainSearch.search(x, j * size, errorWeights(x, j * size));
            System.arraycopy(plainSearch.levels, 0, levels, j * size, size);
            scales[j] = plainSearch.scale;
            mins[j] = plainSearch.min;
        }
        int[] scaleLevels = new int[count];
        int[] minLevels = new int[count];
        float unit = roundToLargest(scales, scaleLevels);
        float minUnit = roundToLargest(mins, minLevels);
        finish(x, levels, scaleLevels, minLevels, unit, minUnit, false, out);
    }

    private void quantizeWeighted(float[] x, float[] importance, ByteBuffer out) {
        float squares = 0;
        for (float value : x) {
            squares += value * value;
        }
        float variance = spread * squares / WEIGHTS;
        int[] levels = new int[WEIGHTS];
        float[] scales = new float[count];
        float[] mins = new float[count];
        float[] sums = new float[count];
        for (int j = 0; j < count; j++) {
            float[] w = new float[size];
            for (int i = 0; i < size; i++) {
                float value = x[j * size + i];
                w[i] = importance[j * size + i] * (float) Math.sqrt(variance + value * value);
                sums[j] += w[i];
            }
            weightedSearch.search(x, j * size, w);
            System.arraycopy(weightedSearch.levels, 0, levels, j * size, size);
            scales[j] = weightedSearch.scale;
            mins[j] = weightedSearch.min;
        }
        int[] scaleLevels = new int[count];
        int[] minLevels = new int[count];
        float unit = ScalarScaleRounding.round(scales, sums, maxScale, scaleLevels);
        float minUnit = ScalarScaleRounding.round(mins, sums, maxScale, minLevels);
        finish(x, levels, scaleLevels, minLevels, unit, minUnit, true, out);
    }

    private float roundToLargest(float[] values, int[] rounded) {
        float largest = 0;
        for (float value : values) {
            largest = value > largest ? value : largest;
        }
        for (int j = 0; j < count && largest > 0; j++) {
            rounded[j] = ScalarScaleMin.nearestInt(maxScale / largest * values[j]) & 0xff;
        }
        return largest / maxScale;
    }

    private void finish(
            float[] x,
            int[] levels,
            int[] scaleLevels,
            int[] minLevels,
            float unit,
            float minUnit,
            boolean weighted,
            ByteBuffer out) {
        int d = HalfFloat.fromFloat(unit);
        int dmin = HalfFloat.fromFloat(minUnit);
        byte[] packedScales = packScales(scaleLevels, minLevels, weighted);
        for (int i = 0; i < WEIGHTS; i++) {
            float scale = HalfFloat.toFloat(d) * scaleLevels[i / size];
            float min = HalfFloat.toFloat(dmin) * minLevels[i / size];
            if (scale != 0) {
                levels[i] = Math.max(0, Math.min(maxLevel, ScalarScaleMin.nearestInt((x[i] + min) / scale)));
            }
        }
        write(out, (short) d, (short) dmin, packedScales, packLevels(levels));
    }
}
