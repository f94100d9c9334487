package io.nightshift.kernels.quantize;

import io.nightshift.kernels.GgmlType;
import io.nightshift.kernels.HalfFloat;
import io.nightshift.kernels.Lanes;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * Quantizes super-blocks of 256 weights, one a lane, so that every lane does exactly the scalar chain of operations.
 *
 * <p>Super-blocks are taken in groups of as many as there are lanes, across the ends of rows. A group is transposed into
 * lane order (weight i of all lanes, then weight i + 1); lanes that the last group does not need repeat its last
 * super-block. The bytes of a block are made as 32-bit words, again in lane order, with the half-precision scale of the
 * super-block behind them.
 */
abstract sealed class SuperBlockQuantizer implements RowQuantizer permits Q3KQuantizer, Q6KQuantizer {
    static final int SIZE = 256;
    static final int LANES = Lanes.COUNT;

    private static final VarHandle INTS =
            MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle SHORTS =
            MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);

    private final GgmlType type;
    private final int words;

    /** The weights of the group in lane order. */
    final float[] x = new float[SIZE * LANES];

    /** Their columns' importance in lane order; unused without importance. */
    final float[] importance = new float[SIZE * LANES];

    /** The blocks' words in lane order. */
    final int[] packed;

    /** The scale of each lane's super-block. */
    final float[] superScales = new float[LANES];

    SuperBlockQuantizer(GgmlType type) {
        this.type = type;
        this.words = (type.blockBytes() - Short.BYTES) / Integer.BYTES;
        this.packed = new int[words * LANES];
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
            float[] columnImportance,
            int importanceOffset,
            byte[] blocks,
            int blocksOffset) {
        type.rowBytes(columns);
        int blocksPerRow = columns / SIZE;
        int count = Math.multiplyExact(rows, blocksPerRow);
        // Where in its row the group began whose importance is in the lanes: the next one often begins there as well.
        int loaded = -1;
        for (int first = 0; first < count; first += LANES) {
            int last = Math.min(first + LANES, count) - 1;
            SuperBlockLanes.load(weights, weightsOffset, first, last, Integer.MAX_VALUE, x);
            if (columnImportance != null && first % blocksPerRow != loaded) {
                SuperBlockLanes.load(columnImportance, importanceOffset, first, last, blocksPerRow, importance);
                loaded = first % blocksPerRow;
            }
            quantizeGroup(columnImportance != null);
            for (int block = first; block <= last; block++) {
                write(block - first, blocks, blocksOffset + block * type.blockBytes());
            }
        }
    }

    /** Fills {@link #packed} and {@link #superScales} from {@link #x} and, if there is, {@link #importance}. */
    abstract void quantizeGroup(boolean withImportance);

    /** The scale that a reader of the block will see: rounded to half precision. */
    static void roundToHalf(float[] values, float[] rounded) {
        for (int lane = 0; lane < LANES; lane++) {
            rounded[lane] = HalfFloat.toFloat(HalfFloat.fromFloat(values[lane]));
        }
    }

    private void write(int lane, byte[] blocks, int offset) {
        for (int word = 0; word < words; word++) {
            INTS.set(blocks, offset + word * Integer.BYTES, packed[word * LANES + lane]);
        }
        SHORTS.set(blocks, offset + words * Integer.BYTES, HalfFloat.fromFloat(superScales[lane]));
    }
}
