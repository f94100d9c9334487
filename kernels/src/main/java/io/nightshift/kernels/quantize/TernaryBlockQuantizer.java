package io.nightshift.kernels.quantize;

import io.nightshift.kernels.F16;
import io.nightshift.kernels.GgmlType;
import io.nightshift.kernels.Lanes;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Blocks whose scale is their largest magnitude, so that weights are rounded to that, to nothing or to its opposite:
 * TQ1_0, TQ2_0 and Q2_0. Importance has no say.
 *
 * <p>Chunks of blocks that stay in cache go through loops of their own for magnitudes, levels and bytes.
 */
abstract sealed class TernaryBlockQuantizer implements RowQuantizer
        permits TQ10Quantizer, TQ20Quantizer, Q20Quantizer {
    /** Weights a chunk. */
    static final int CHUNK = 2048;

    private static final VarHandle SHORT = MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);
    private static final int LANES = Lanes.COUNT;
    private static final int RUN = BlockExtremes.SIZE;

    /** The largest float below a half. */
    private static final float NEARLY_HALF = 0.49999997f;

    private final GgmlType type;
    private final int runsPerBlock;
    private final int scaleOffset;
    private final byte overflowLevel;
    private final float[] magnitudes = new float[CHUNK / RUN];
    private final float[] scales = new float[CHUNK / RUN];
    private final float[] inverses = new float[CHUNK / RUN];
    private final byte[] halves = new byte[CHUNK / RUN * Short.BYTES];

    /** The levels, and room for the last vector, which may be wider than what it holds. */
    private final byte[] levels = new byte[CHUNK + Long.BYTES];

    /**
     * @param scaleOffset where in a block its scale stands, in half precision
     * @param overflowLevel what ggml's conversion of infinity and NaN to an integer leaves as the level, where the
     *     scale is so small that its inverse overflows
     */
    TernaryBlockQuantizer(GgmlType type, int scaleOffset, int overflowLevel) {
        this.type = type;
        this.scaleOffset = scaleOffset;
        this.overflowLevel = (byte) overflowLevel;
        runsPerBlock = type.blockSize() / RUN;
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
        int blockBytes = type.blockBytes();
        int count = Math.toIntExact(rows * type.rowBytes(columns) / blockBytes);
        int blocksPerChunk = CHUNK / type.blockSize();
        for (int first = 0; first < count; first += blocksPerChunk) {
            int chunk = Math.min(blocksPerChunk, count - first);
            int from = weightsOffset + first * type.blockSize();
            int to = blocksOffset + first * blockBytes;
            BlockExtremes.magnitudes(weights, from, chunk * runsPerBlock, magnitudes);
            scale(chunk);
            round(weights, from, chunk * runsPerBlock, inverses, levels);
            replaceOverflow(chunk);
            pack(levels, chunk, blocks, to);
            F16.fromFloats(scales, 0, halves, 0, chunk);
            for (int block = 0; block < chunk; block++) {
                int at = to + block * blockBytes + scaleOffset;
                SHORT.set(blocks, at, (short) SHORT.get(halves, block * Short.BYTES));
            }
        }
    }

    /** Writes levels, 0 to 2, a byte each, into blocks, all but their scales. */
    abstract void pack(byte[] levels, int count, byte[] blocks, int to);

    private void scale(int count) {
        for (int block = 0; block < count; block++) {
            int first = block * runsPerBlock;
            float scale = 0;
            for (int run = first; run < first + runsPerBlock; run++) {
                scale = Math.max(scale, magnitudes[run]);
            }
            scales[block] = scale;
            Arrays.fill(inverses, first, first + runsPerBlock, scale > 0 ? 1 / scale : 0);
        }
    }

    /** The nearest integers, halves away from zero, plus 1; of numbers from -1 to 1. */
    private static void round(float[] weights, int from, int runs, float[] inverses, byte[] levels) {
        for (int i = 0; i < runs * RUN; i += LANES) {
            FloatVector scaled = FloatVector.fromArray(Lanes.FLOAT, weights, from + i).mul(inverses[i / RUN]);
            IntVector notUp = scaled.sub(0.5f).reinterpretAsInts().lanewise(VectorOperators.ASHR, 31);
            IntVector down = scaled.add(NEARLY_HALF).reinterpretAsInts().lanewise(VectorOperators.ASHR, 31);
            ((ByteVector) notUp.add(down).add(2).convertShape(VectorOperators.I2B, Lanes.QUARTER_BYTE, 0))
                    .intoArray(levels, i);
        }
    }

    private void replaceOverflow(int count) {
        int size = type.blockSize();
        for (int block = 0; block < count; block++) {
            if (inverses[block * runsPerBlock] > Float.MAX_VALUE) {
                Arrays.fill(levels, block * size, (block + 1) * size, overflowLevel);
            }
        }
    }
}
