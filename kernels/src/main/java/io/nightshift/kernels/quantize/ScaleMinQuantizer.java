package io.nightshift.kernels.quantize;

import io.nightshift.kernels.HalfFloat;
import io.nightshift.kernels.Lanes;
import java.util.Objects;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Super-blocks whose sub-blocks have a scale and a minimum each, {@code w = d * scale * level - dmin * min}, where scales and
 * minima are small integers and {@code d} and {@code dmin} are half-precision numbers of the super-block: Q2_K, Q4_K, Q5_K.
 *
 * <p>Lanes hold super-blocks (see {@link SuperBlockLanes}), which may belong to different rows. What the types do alike is
 * here; how they weigh errors and lay out a block is theirs.
 */
abstract sealed class ScaleMinQuantizer implements RowQuantizer permits Q2KQuantizer, Q4KQuantizer, Q5KQuantizer {
    static final int LANES = Lanes.COUNT;

    private final int size;
    private final int subBlocks;
    private final int maxLevel;
    private final int maxScale;
    private final int words;
    private final ScaleMinSearch search;

    private final float[] weights = new float[SuperBlockLanes.WEIGHTS * LANES];
    private final float[] scales;
    private final float[] mins;
    private final float[] inverses;
    private final float[] bases;
    private final int[] scaleLevels;
    private final int[] minLevels;
    private final float[] scaleUnits = new float[LANES];
    private final float[] minUnits = new float[LANES];
    private final int[] units = new int[LANES];
    private final int[] levels = new int[SuperBlockLanes.WEIGHTS / Integer.BYTES * LANES];
    private final int[] block;

    /**
     * A quantizer.
     *
     * @param size weights a sub-block
     * @param maxLevel the largest level of a weight
     * @param maxScale the largest level of a scale or minimum
     * @param search the search for a sub-block's scale and minimum
     */
    ScaleMinQuantizer(int size, int maxLevel, int maxScale, ScaleMinSearch search) {
        this.size = size;
        this.maxLevel = maxLevel;
        this.maxScale = maxScale;
        this.search = search;
        subBlocks = SuperBlockLanes.WEIGHTS / size;
        scales = new float[subBlocks * LANES];
        mins = new float[subBlocks * LANES];
        inverses = new float[subBlocks * LANES];
        bases = new float[subBlocks * LANES];
        scaleLevels = new int[subBlocks * LANES];
        minLevels = new int[subBlocks * LANES];
        words = type().blockBytes() / Integer.BYTES;
        block = new int[words * LANES];
    }

    /** How much each error of the sub-blocks counts where there is no importance. */
    abstract void weigh(float[] weights, int offset, float[] errorWeights, int errorOffset);

    /** Limits what the scales and minima were rounded to, and packs it into the words of the block. */
    abstract void packScales(int[] scaleLevels, int[] minLevels, int[] units, int[] block);

    /** Packs levels, four to an int in the order of the weights, into the words of the block. */
    abstract void packLevels(int[] levels, int[] block);

    @Override
    public final void quantize(
            float[] weights,
            int weightsOffset,
            int rows,
            int columns,
            float[] importance,
            int importanceOffset,
            byte[] blocks,
            int blocksOffset) {
        int bytes = Math.toIntExact(Math.multiplyExact(rows, type().rowBytes(columns)));
        int count = Math.multiplyExact(rows, columns);
        Objects.checkFromIndexSize(weightsOffset, count, weights.length);
        Objects.checkFromIndexSize(blocksOffset, bytes, blocks.length);
        if (importance != null) {
            throw new UnsupportedOperationException(type() + " with importance");
        }
        int blockCount = count / SuperBlockLanes.WEIGHTS;
        for (int first = 0; first < blockCount; first += LANES) {
            int lanes = Math.min(LANES, blockCount - first);
            for (int lane = 0; lane < LANES; lane++) {
                if (lane < lanes) {
                    int offset = weightsOffset + (first + lane) * SuperBlockLanes.WEIGHTS;
                    SuperBlockLanes.load(weights, offset, this.weights, lane);
                } else {
                    SuperBlockLanes.clear(this.weights, lane);
                }
            }
            quantizeLanes();
            for (int lane = 0; lane < lanes; lane++) {
                int offset = blocksOffset + (first + lane) * type().blockBytes();
                SuperBlockLanes.store(block, lane, words, blocks, offset);
            }
        }
    }

    private void quantizeLanes() {
        int length = size * LANES;
        for (int s = 0; s < subBlocks; s += 2) {
            weigh(weights, s * length, search.errorWeights, 0);
            weigh(weights, (s + 1) * length, search.errorWeights, length);
            search.search(weights, s * length, scales, mins, inverses, bases, s * LANES);
        }
        roundToLargest(scales, subBlocks, maxScale, scaleLevels, scaleUnits);
        roundToLargest(mins, subBlocks, maxScale, minLevels, minUnits);
        for (int lane = 0; lane < LANES; lane++) {
            int d = HalfFloat.fromFloat(scaleUnits[lane]);
            int dmin = HalfFloat.fromFloat(minUnits[lane]);
            units[lane] = d | dmin << 16;
            scaleUnits[lane] = HalfFloat.toFloat(d);
            minUnits[lane] = HalfFloat.toFloat(dmin);
        }
        packScales(scaleLevels, minLevels, units, block);
        for (int s = 0; s < subBlocks; s++) {
            roundWeights(s);
        }
        packLevels(levels, block);
    }

    /** Rounds the values of each lane to levels of a unit, such that the largest value has the largest level. */
    private static void roundToLargest(float[] values, int count, int maxLevel, int[] levels, float[] units) {
        FloatVector largest = FloatVector.zero(Lanes.FLOAT);
        for (int i = 0; i < count * LANES; i += LANES) {
            FloatVector value = FloatVector.fromArray(Lanes.FLOAT, values, i);
            largest = largest.blend(value, value.compare(VectorOperators.GT, largest));
        }
        FloatVector inverse = FloatVector.broadcast(Lanes.FLOAT, maxLevel).div(largest);
        inverse = inverse.blend(0f, largest.compare(VectorOperators.EQ, 0f));
        for (int i = 0; i < count * LANES; i += LANES) {
            FloatVector value = FloatVector.fromArray(Lanes.FLOAT, values, i);
            NearestInt.of(value.mul(inverse)).and(0xff).intoArray(levels, i);
        }
        largest.div(maxLevel).intoArray(units, 0);
    }

    /** Rounds the weights of a sub-block of each lane to the levels of its rounded scale and minimum. */
    private void roundWeights(int subBlock) {
        int first = subBlock * LANES;
        multiply(scaleLevels, first, scaleUnits, scales);
        multiply(minLevels, first, minUnits, mins);
        roundWeights(weights, first * size, size * LANES, scales, mins, first, maxLevel, levels);
        for (int lane = 0; lane < LANES; lane++) {
            if (scales[first + lane] == 0f) {
                keepSearchedLevels(first * size + lane, inverses[first + lane], bases[first + lane]);
            }
        }
    }

    private static void multiply(int[] levels, int first, float[] units, float[] products) {
        FloatVector level = (FloatVector)
                IntVector.fromArray(Lanes.INT, levels, first).convert(VectorOperators.I2F, 0);
        level.mul(FloatVector.fromArray(Lanes.FLOAT, units, 0)).intoArray(products, first);
    }

    private static void roundWeights(
            float[] weights, int offset, int length, float[] scales, float[] mins, int first, int maxLevel, int[] levels) {
        FloatVector scale = FloatVector.fromArray(Lanes.FLOAT, scales, first);
        FloatVector min = FloatVector.fromArray(Lanes.FLOAT, mins, first);
        for (int i = offset; i < offset + length; i += 4 * LANES) {
            IntVector packed = IntVector.zero(Lanes.INT);
            for (int k = 0; k < 4; k++) {
                FloatVector weight = FloatVector.fromArray(Lanes.FLOAT, weights, i + k * LANES);
                IntVector level = NearestInt.of(weight.add(min).div(scale)).max(0).min(maxLevel);
                packed = packed.or(level.lanewise(VectorOperators.LSHL, 8 * k));
            }
            packed.intoArray(levels, i / 4);
        }
    }

    /** A sub-block whose scale is rounded to 0 cannot be rounded again: ggml leaves the levels of the search. */
    private void keepSearchedLevels(int first, float inverse, float base) {
        int lane = first % LANES;
        for (int i = 0; i < size; i += 4) {
            int packed = 0;
            for (int k = 0; k < 4; k++) {
                int level = NearestInt.of(inverse * (weights[first + (i + k) * LANES] - base));
                packed |= Math.max(0, Math.min(maxLevel, level)) << 8 * k;
            }
            levels[(first - lane + i * LANES) / 4 + lane] = packed;
        }
    }
}
