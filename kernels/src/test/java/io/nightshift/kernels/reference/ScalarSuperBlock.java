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

    ScalarSuperBlock(int size, int maxLevel, int maxScale, ScalarScaleMin plainSearch) {
        this.size = size;
        this.maxLevel = maxLevel;
        this.maxScale = maxScale;
        this.plainSearch = plainSearch;
        count = WEIGHTS / size;
    }

    /** What the errors of a sub-block weigh where there is no importance. */
    abstract float[] errorWeights(float[] x, int offset);

    /** Packs scales and minima, and replaces them by what a reader gets back. */
    abstract byte[] packScales(int[] scales, int[] mins);

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
                quantize(x, out);
            }
        }
    }

    private void quantize(float[] x, ByteBuffer out) {
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
        finish(x, levels, scaleLevels, minLevels, unit, minUnit, out);
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
            float[] x, int[] levels, int[] scaleLevels, int[] minLevels, float unit, float minUnit, ByteBuffer out) {
        int d = HalfFloat.fromFloat(unit);
        int dmin = HalfFloat.fromFloat(minUnit);
        byte[] packedScales = packScales(scaleLevels, minLevels);
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
