package io.nightshift.kernels.quantize;

import io.nightshift.kernels.GgmlType;
import io.nightshift.kernels.Lanes;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Blocks of 32 levels with a scale, and perhaps a minimum, in half precision: Q4_0, Q4_1, Q5_0, Q5_1.
 *
 * <p>Without importance, chunks of blocks that stay in cache go through four loops: extremes of each block, scales (a block a
 * lane), levels, bytes.
 */
abstract sealed class LevelBlockQuantizer implements RowQuantizer permits SymmetricBlockQuantizer, AffineBlockQuantizer {
    static final int SIZE = BlockExtremes.SIZE;
    static final int LANES = Lanes.COUNT;

    /** Blocks a chunk. */
    static final int CHUNK = 64;

    /** Adding it rounds a number below 2^22 to an integer, which then stands in the low bits. */
    private static final float ROUNDING = 0x1.8p23f;

    private final GgmlType type;
    private final int maxLevel;

    /** A scale a block. */
    final float[] scales = new float[CHUNK];

    /** A weight's level is {@code floor((weight - base) * inverse + bias)}, with these three of its block. */
    final float[] bases = new float[CHUNK];

    final float[] inverses = new float[CHUNK];
    final float[] biases = new float[CHUNK];

    private final int[] halfScales = new int[CHUNK];
    private final int[] halfMins = new int[CHUNK];

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
        for (int first = 0; first < count; first += CHUNK) {
            int chunk = Math.min(CHUNK, count - first);
            int offset = weightsOffset + first * SIZE;
            scale(weights, offset, chunk);
            roundDown(weights, offset, chunk * SIZE, bases, inverses, biases, maxLevel, levels);
            write(chunk, blocks, blocksOffset + first * type.blockBytes());
        }
    }

    /** Fills the arrays above for {@code count} blocks. */
    abstract void scale(float[] weights, int offset, int count);

    private void write(int count, byte[] blocks, int offset) {
        boolean affine = this instanceof AffineBlockQuantizer;
        HalfScales.round(scales, count, halfScales);
        if (affine) {
            HalfScales.round(bases, count, halfMins);
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
            FloatVector rounded = level.add(ROUNDING);
            IntVector above = level.sub(rounded.sub(ROUNDING)).reinterpretAsInts().lanewise(VectorOperators.ASHR, 31);
            IntVector floor = rounded.reinterpretAsInts().and(0xff).add(above).min(maxLevel);
            ((ByteVector) floor.convertShape(VectorOperators.I2B, Lanes.QUARTER_BYTE, 0)).intoArray(levels, i);
        }
    }
}
