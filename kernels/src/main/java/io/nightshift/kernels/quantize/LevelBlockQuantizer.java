package io.nightshift.kernels.quantize;

import io.nightshift.kernels.F16;
import io.nightshift.kernels.GgmlType;
import io.nightshift.kernels.Lanes;
import io.nightshift.kernels.NearestInt;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Blocks of 32 levels with a scale, and perhaps a minimum, in half precision: Q4_0, Q4_1, Q5_0, Q5_1.
 *
 * <p>Without importance, chunks of blocks that stay in cache go through four loops: extremes of each block, scales (a block a
 * lane), levels, bytes. With importance, groups of blocks are searched, a block a lane.
 */
abstract sealed class LevelBlockQuantizer implements RowQuantizer permits SymmetricBlockQuantizer, AffineBlockQuantizer {
    static final int SIZE = BlockExtremes.SIZE;
    static final int LANES = Lanes.COUNT;

    /** Blocks a chunk. */
    static final int CHUNK = 64;

    private final GgmlType type;
    private final int maxLevel;

    /** A scale a block. */
    final float[] scales = new float[CHUNK];

    /** A weight's level is {@code floor((weight - base) * inverse + bias)}, with these three of its block. */
    final float[] bases = new float[CHUNK];

    final float[] inverses = new float[CHUNK];
    final float[] biases = new float[CHUNK];

    /** Made when first needed. */
    private BlockLanes lanes;

    private final byte[] halfScales = new byte[CHUNK * Short.BYTES];
    private final byte[] halfMins = new byte[CHUNK * Short.BYTES];

    /** The levels, 32 a block, and room for the last vector, which may be wider than what it holds. */
    private final byte[] levels = new byte[CHUNK * SIZE + Long.BYTES];

    LevelBlockQuantizer(GgmlType type, int maxLevel) {
        this.type = type;
        this.maxLevel = maxLevel;
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
        float[] variances = importance == null ? null : RowVariances.of(weights, weightsOffset, rows, columns);
        for (int first = 0; first < count; first += CHUNK) {
            int chunk = Math.min(CHUNK, count - first);
            if (importance == null) {
                int offset = weightsOffset + first * SIZE;
                scale(weights, offset, chunk);
                roundDown(weights, offset, chunk * SIZE, bases, inverses, biases, maxLevel, levels);
            } else {
                searchChunk(weights, weightsOffset, columns, variances, importance, importanceOffset, first, chunk);
            }
            write(chunk, blocks, blocksOffset + first * type.blockBytes());
        }
    }

    private void searchChunk(
            float[] weights,
            int weightsOffset,
            int columns,
            float[] variances,
            float[] importance,
            int importanceOffset,
            int first,
            int count) {
        if (lanes == null) {
            lanes = new BlockLanes();
        }
        int blocksPerRow = columns / SIZE;
        for (int group = 0; group < count; group += BlockLanes.BLOCKS) {
            for (int lane = 0; lane < BlockLanes.BLOCKS; lane++) {
                // Lanes that the last group does not need hold its last block.
                int block = first + Math.min(group + lane, count - 1);
                int column = block % blocksPerRow * SIZE;
                lanes.load(
                        lane,
                        weights,
                        weightsOffset + block * SIZE,
                        importance,
                        importanceOffset + column,
                        variances[block / blocksPerRow]);
            }
            search(lanes, group);
            for (int lane = 0; lane < BlockLanes.BLOCKS; lane++) {
                lanes.store(lane, levels, (group + lane) * SIZE);
            }
        }
    }

    /** Fills the arrays above for {@code count} blocks, without importance. */
    abstract void scale(float[] weights, int offset, int count);

    /** Finds levels, scales and bases, these from index {@code first}, with importance. */
    abstract void search(BlockLanes lanes, int first);

    private void write(int count, byte[] blocks, int offset) {
        boolean affine = this instanceof AffineBlockQuantizer;
        F16.fromFloats(scales, 0, halfScales, 0, CHUNK);
        if (affine) {
            F16.fromFloats(bases, 0, halfMins, 0, CHUNK);
        }
        LevelBlocks.write(halfScales, affine ? halfMins : null, maxLevel > 15, levels, count, blocks, offset);
    }

    private static void roundDown(
            float[] weights,
            int offset,
            int count,
            float[] bases,
            float[] inverses,
            float[] biases,
            int maxLevel,
            byte[] levels) {
        for (int i = 0; i < count; i += LANES) {
            int block = i / SIZE;
            FloatVector level = FloatVector.fromArray(Lanes.FLOAT, weights, offset + i)
                    .sub(bases[block])
                    .mul(inverses[block])
                    .add(biases[block]);
            // Rounded to the nearest integer, and one less where that is above.
            FloatVector rounded = level.add(NearestInt.ROUNDING);
            IntVector above =
                    level.sub(rounded.sub(NearestInt.ROUNDING)).reinterpretAsInts().lanewise(VectorOperators.ASHR, 31);
            IntVector floor = rounded.reinterpretAsInts().and(0xff).add(above).min(maxLevel);
            ((ByteVector) floor.convertShape(VectorOperators.I2B, Lanes.QUARTER_BYTE, 0)).intoArray(levels, i);
        }
    }
}
