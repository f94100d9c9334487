package io.nightshift.kernels.quantize;

import io.nightshift.kernels.GgmlType;
import io.nightshift.kernels.Lanes;
import jdk.incubator.vector.FloatVector;

/**
 * Blocks of 32 weights, each rounded to one of sixteen values that are not evenly spaced, times a scale: IQ4_NL and
 * IQ4_XS (ggml-quants.c, quantize_row_iq4_nl_impl).
 *
 * <p>Chunks of blocks that stay in cache go through three loops: scales (a block a lane), levels, bytes.
 */
abstract sealed class NonlinearBlockQuantizer implements RowQuantizer permits IQ4NLQuantizer, IQ4XSQuantizer {
    static final int SIZE = BlockExtremes.SIZE;

    /** Blocks of 32 weights a chunk. */
    static final int CHUNK = 64;

    private final GgmlType type;
    private final NonlinearScaleSearch search = new NonlinearScaleSearch();
    private final BlockLanes lanes = new BlockLanes();
    private final float[] errorWeights = new float[2 * BlockLanes.GROUP];

    /** A scale a block, as the search has found it. */
    final float[] scales = new float[CHUNK];

    /** What the weights of a block are multiplied by before they are rounded. */
    final float[] inverses = new float[CHUNK];

    /** The levels, 32 a block, and room for the last vector, which may be wider than what it holds. */
    final byte[] levels = new byte[CHUNK * SIZE + Long.BYTES];

    NonlinearBlockQuantizer(GgmlType type) {
        this.type = type;
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
        type.rowBytes(columns);
        int count = Math.multiplyExact(rows, columns / SIZE);
        int bytesPerBlock = type.blockBytes() * SIZE / type.blockSize();
        for (int first = 0; first < count; first += CHUNK) {
            int chunk = Math.min(CHUNK, count - first);
            int offset = weightsOffset + first * SIZE;
            if (importance == null) {
                searchChunk(weights, offset, chunk);
            } else {
                searchChunk(weights, offset, chunk, importance, importanceOffset, columns, first * SIZE % columns);
            }
            scale(chunk);
            NonlinearLevels.round(weights, offset, chunk, inverses, levels);
            write(chunk, blocks, blocksOffset + first * bytesPerBlock);
        }
    }

    /** Finds {@link #inverses} for the scales of {@code count} blocks. */
    abstract void scale(int count);

    /** Writes the bytes of {@code count} blocks of 32 weights. */
    abstract void write(int count, byte[] blocks, int offset);

    private void searchChunk(float[] weights, int offset, int count) {
        for (int group = 0; group < count; group += BlockLanes.BLOCKS) {
            for (int lane = 0; lane < BlockLanes.BLOCKS; lane++) {
                // Lanes that the last group does not need hold its last block.
                lanes.load(lane, weights, offset + Math.min(group + lane, count - 1) * SIZE);
            }
            square(lanes.x, errorWeights);
            searchGroups(group);
        }
    }

    private void searchChunk(
            float[] weights,
            int offset,
            int count,
            float[] importance,
            int importanceOffset,
            int columns,
            int firstColumn) {
        int size = type.blockSize();
        float[] variances = RowVariances.of(weights, offset, count * SIZE / size, size);
        for (int group = 0; group < count; group += BlockLanes.BLOCKS) {
            for (int lane = 0; lane < BlockLanes.BLOCKS; lane++) {
                int at = Math.min(group + lane, count - 1) * SIZE;
                int column = (firstColumn + at) % columns;
                lanes.load(lane, weights, offset + at, importance, importanceOffset + column, 2 * variances[at / size]);
            }
            lanes.weigh(errorWeights);
            searchGroups(group);
        }
    }

    private void searchGroups(int first) {
        search.search(lanes.x, errorWeights, 0, scales, first);
        search.search(lanes.x, errorWeights, BlockLanes.GROUP, scales, first + Lanes.COUNT);
    }

    private static void square(float[] x, float[] squares) {
        for (int i = 0; i < squares.length; i += Lanes.COUNT) {
            FloatVector weight = FloatVector.fromArray(Lanes.FLOAT, x, i);
            weight.mul(weight).intoArray(squares, i);
        }
    }
}
