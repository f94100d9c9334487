package io.nightshift.kernels.quantize;

import io.nightshift.kernels.Codebooks.Grid;
import io.nightshift.kernels.GgmlType;
import io.nightshift.kernels.NearestInt;

/**
 * Super-blocks of 256 weights that are rounded to points of -1, 0 and 1, shifted up or down by 1/8: IQ1_S, IQ1_M.
 *
 * <p>Sub-blocks are taken in chunks of 16, in vectors of one a lane.
 */
abstract sealed class TernaryQuantizer implements RowQuantizer permits IQ1SQuantizer, IQ1MQuantizer {
    static final int SIZE = 256;
    private static final int CHUNK = 16;
    private static final int LANES = TernarySplit.LANES;

    private final GgmlType type;
    private final TernarySplit split;
    private final NearestPoint nearestPoint;
    private final int length;
    private final int superBlocks;

    final Lattice lattice = Lattice.of(Grid.IQ1S);

    /** The chunk's weights. */
    final float[] x;

    /** What their squared errors are multiplied by. */
    final float[] errorWeights;

    /** Of each sub-block of the chunk: 0 for one that is skipped. */
    final float[] scales = new float[CHUNK];

    /** As of {@link TernarySplit#shifts}: 0 for a sub-block that is skipped. */
    final int[] shifts = new int[CHUNK];

    /** The codes of the points; of a sub-block that is skipped, of the first point. */
    final int[] codes;

    TernaryQuantizer(GgmlType type, TernarySplit split) {
        this.type = type;
        this.split = split;
        length = split.length;
        superBlocks = CHUNK * length / SIZE;
        x = new float[CHUNK * length];
        errorWeights = new float[CHUNK * length];
        codes = new int[CHUNK * length / 8];
        nearestPoint = new NearestPoint(lattice);
    }

    @Override
    public final GgmlType type() {
        return type;
    }

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
        int count = Math.toIntExact(rows * type.rowBytes(columns) / type.blockBytes());
        if (importance == null) {
            allowWithoutImportance();
        }
        for (int first = 0; first < count; first += superBlocks) {
            int last = Math.min(first + superBlocks, count) - 1;
            for (int i = 0; i < superBlocks; i++) {
                // Where super-blocks are too few, the last comes twice.
                int at = Math.min(first + i, last) * SIZE;
                System.arraycopy(weights, weightsOffset + at, x, i * SIZE, SIZE);
                weigh(i * SIZE, importance, importanceOffset + at % columns);
            }
            for (int block = 0; block < CHUNK; block += LANES) {
                split.search(x, errorWeights, block * length);
                for (int lane = 0; lane < LANES; lane++) {
                    settle(block + lane, lane);
                }
            }
            for (int i = first; i <= last; i++) {
                write(i - first, blocks, blocksOffset + i * type.blockBytes());
            }
        }
    }

    /** @throws IllegalArgumentException if ggml does not make the type without importance */
    abstract void allowWithoutImportance();

    /** Writes a super-block of the chunk. */
    abstract void write(int superBlock, byte[] blocks, int offset);

    /** The largest of some scales. */
    final float largestScale(int first, int count) {
        float largest = 0;
        for (int i = first; i < first + count; i++) {
            largest = Math.max(largest, scales[i]);
        }
        return largest;
    }

    /** A scale in 3 bits, as half an odd multiple of the super-block's. */
    static int scaleLevel(float scale, float inverse) {
        return Math.max(0, Math.min(7, NearestInt.of(0.5f * (inverse * scale - 1))));
    }

    private void weigh(int at, float[] importance, int importanceOffset) {
        if (importance == null) {
            ErrorWeights.squares(x, at, SIZE, 0, errorWeights, at);
        } else {
            float variance = 2 * ErrorWeights.sumOfSquares(x, at, SIZE) / SIZE;
            ErrorWeights.weighted(x, at, SIZE, variance, importance, importanceOffset, errorWeights, at);
        }
    }

    /** Moves the split of a sub-block to points of the lattice, and fits its scale to them. */
    private void settle(int block, int lane) {
        int groups = length / 8;
        boolean found = split.found(lane);
        scales[block] = found ? split.scales[lane] : 0;
        shifts[block] = found ? split.shifts[lane] : 0;
        boolean missed = false;
        for (int k = 0; k < groups; k++) {
            int code = found ? split.code(k, lane) : lattice.firstCode();
            if (found && lattice.point(code) < 0) {
                missed = true;
                float[] values = TernarySplit.values(shifts[block], k);
                code = nearestPoint.find(code, x, errorWeights, block * length + 8 * k, scales[block], values);
            }
            codes[block * groups + k] = code;
        }
        if (missed) {
            fitToCodes(block, groups);
        }
        if (Float.isNaN(scales[block])) {
            throw NearestPoint.tooLarge();
        }
    }

    private void fitToCodes(int block, int groups) {
        float sumQX = 0;
        float sumQ2 = 0;
        int i = block * length;
        for (int k = 0; k < groups; k++) {
            float[] values = TernarySplit.values(shifts[block], k);
            int code = codes[block * groups + k];
            for (int end = i + 8; i < end; i++) {
                float wq = errorWeights[i] * values[code & 3];
                sumQX += wq * x[i];
                sumQ2 += wq * values[code & 3];
                code >>>= 2;
            }
        }
        if (sumQX > 0 && sumQ2 > 0) {
            scales[block] = sumQX / sumQ2;
        }
    }
}
