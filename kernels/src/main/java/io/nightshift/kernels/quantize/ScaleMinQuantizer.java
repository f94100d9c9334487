package io.nightshift.kernels.quantize;

import io.nightshift.kernels.HalfFloat;
import io.nightshift.kernels.Lanes;
import io.nightshift.kernels.NearestInt;
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
    private final int words;
    private final float spread;
    private final ScaleMinSearch plainSearch;
    private final ScaleMinSearch weightedSearch;
    private final ScaleRounding rounding;

    private final float[] weights = new float[SuperBlockLanes.WEIGHTS * LANES];
    private final float[] importance = new float[SuperBlockLanes.WEIGHTS * LANES];
    private final float[] variance = new float[LANES];
    private final ScaleMins fits;
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
     * @param plainSearch the search for scales and minima without importance
     * @param spread how many mean squares of the super-block are added to a weight's square where there is importance
     */
    ScaleMinQuantizer(int size, int maxLevel, int maxScale, ScaleMinSearch plainSearch, float spread) {
        this.size = size;
        this.maxLevel = maxLevel;
        this.plainSearch = plainSearch;
        this.spread = spread;
        weightedSearch = new ScaleMinSearch(size, maxLevel, -0.9f, 0.05f, 36, false);
        subBlocks = SuperBlockLanes.WEIGHTS / size;
        rounding = new ScaleRounding(subBlocks, maxScale);
        fits = new ScaleMins(subBlocks * LANES);
        scaleLevels = new int[subBlocks * LANES];
        minLevels = new int[subBlocks * LANES];
        words = type().blockBytes() / Integer.BYTES;
        block = new int[words * LANES];
    }

    /** How much each error of a sub-block counts where there is no importance. */
    abstract void weigh(float[] weights, int offset, float[] errorWeights, int errorOffset);

    /**
     * Packs scales, minima and units into the words of the block, and replaces the levels by what a reader gets.
     *
     * @param scaleLevels levels of scales as bytes, sub-block by sub-block, to be limited where ggml does
     * @param minLevels those of minima, likewise
     * @param weighted whether there is importance
     * @param units two half-precision numbers a lane: the unit of the scales in the lower half, that of the minima
     */
    abstract void packScales(int[] scaleLevels, int[] minLevels, boolean weighted, int[] units, int[] block);

    /** Packs levels, four to a word in the order of the weights, into the words of the block. */
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
            Objects.checkFromIndexSize(importanceOffset, columns, importance.length);
        }
        int blockCount = count / SuperBlockLanes.WEIGHTS;
        int rowBlocks = columns / SuperBlockLanes.WEIGHTS;
        // Where in its row the group began whose importance is in the lanes: the next one often begins there as well.
        int loaded = -1;
        for (int first = 0; first < blockCount; first += LANES) {
            int last = Math.min(first + LANES, blockCount) - 1;
            SuperBlockLanes.load(weights, weightsOffset, first, last, Integer.MAX_VALUE, this.weights);
            if (importance != null && first % rowBlocks != loaded) {
                SuperBlockLanes.load(importance, importanceOffset, first, last, rowBlocks, this.importance);
                loaded = first % rowBlocks;
            }
            if (importance == null) {
                fitPlain();
            } else {
                fitWeighted();
            }
            packScales(importance != null);
            packLevels();
            for (int lane = 0; lane < Math.min(LANES, blockCount - first); lane++) {
                int offset = blocksOffset + (first + lane) * type().blockBytes();
                SuperBlockLanes.store(block, lane, words, blocks, offset);
            }
        }
    }

    private void fitPlain() {
        int length = size * LANES;
        for (int s = 0; s < subBlocks; s += 2) {
            weigh(weights, s * length, plainSearch.errorWeights, 0);
            weigh(weights, (s + 1) * length, plainSearch.errorWeights, length);
            plainSearch.search(weights, s * length, fits, s * LANES);
        }
        rounding.toLargest(fits.scales, scaleLevels, scaleUnits);
        rounding.toLargest(fits.mins, minLevels, minUnits);
    }

    private void fitWeighted() {
        int length = size * LANES;
        ErrorWeights.variance(weights, spread, variance);
        for (int s = 0; s < subBlocks; s += 2) {
            ErrorWeights.weighted(weights, importance, s * length, 2 * length, variance, weightedSearch.errorWeights);
            weightedSearch.search(weights, s * length, fits, s * LANES);
        }
        rounding.leastSquares(fits.scales, fits.errorWeightSums, scaleLevels, scaleUnits);
        rounding.leastSquares(fits.mins, fits.errorWeightSums, minLevels, minUnits);
    }

    private void packScales(boolean weighted) {
        for (int lane = 0; lane < LANES; lane++) {
            int d = HalfFloat.fromFloat(scaleUnits[lane]);
            int dmin = HalfFloat.fromFloat(minUnits[lane]);
            units[lane] = d | dmin << 16;
            scaleUnits[lane] = HalfFloat.toFloat(d);
            minUnits[lane] = HalfFloat.toFloat(dmin);
        }
        packScales(scaleLevels, minLevels, weighted, units, block);
    }

    private void packLevels() {
        for (int s = 0; s < subBlocks; s++) {
            roundWeights(s);
        }
        packLevels(levels, block);
    }

    /** Rounds the weights of a sub-block of each lane to the levels of its rounded scale and minimum. */
    private void roundWeights(int subBlock) {
        int first = subBlock * LANES;
        multiply(scaleLevels, first, scaleUnits, fits.scales);
        multiply(minLevels, first, minUnits, fits.mins);
        roundWeights(weights, first * size, size * LANES, fits.scales, fits.mins, first, maxLevel, levels);
        for (int lane = 0; lane < LANES; lane++) {
            if (fits.scales[first + lane] == 0f) {
                keepSearchedLevels(first * size + lane, fits.inverses[first + lane], fits.bases[first + lane]);
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
        IntVector bottom = IntVector.broadcast(Lanes.INT, NearestInt.HALF);
        IntVector top = IntVector.broadcast(Lanes.INT, NearestInt.HALF + maxLevel);
        for (int i = offset; i < offset + length; i += 4 * LANES) {
            IntVector packed = IntVector.zero(Lanes.INT);
            for (int k = 0; k < 4; k++) {
                FloatVector weight = FloatVector.fromArray(Lanes.FLOAT, weights, i + k * LANES);
                IntVector bits = weight.add(min).div(scale).add(NearestInt.ROUNDING).reinterpretAsInts();
                IntVector level = bits.and(NearestInt.MANTISSA).max(bottom).min(top).sub(bottom);
                packed = packed.or(level.lanewise(VectorOperators.LSHL, IntVector.broadcast(Lanes.INT, 8 * k)));
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
