package io.nightshift.kernels.quantize;

import io.nightshift.kernels.F16;
import io.nightshift.kernels.GgmlType;
import io.nightshift.kernels.Lanes;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Blocks whose scale is their largest magnitude, so that weights are rounded to that, to nothing or to its opposite: TQ1_0,
 * TQ2_0 and Q2_0. Importance has no say.
 */
abstract sealed class TernaryBlockQuantizer implements RowQuantizer
        permits TQ10Quantizer, TQ20Quantizer, Q20Quantizer {
    static final int LANES = Lanes.COUNT;

    private static final VarHandle SHORT = MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);

    /** Weights a chunk. */
    private static final int CHUNK = 2048;

    /** Runs of 32 weights a chunk. */
    private static final int RUNS = CHUNK / BlockExtremes.SIZE;

    private final GgmlType type;
    private final int runsPerBlock;
    private final int scaleOffset;
    private final float[] magnitudes = new float[RUNS];
    private final float[] scales = new float[RUNS];
    private final float[] inverses = new float[RUNS];
    private final byte[] halves = new byte[RUNS * Short.BYTES];

    /** @param scaleOffset where in a block its scale stands, in half precision */
    TernaryBlockQuantizer(GgmlType type, int scaleOffset) {
        this.type = type;
        this.scaleOffset = scaleOffset;
        runsPerBlock = type.blockSize() / BlockExtremes.SIZE;
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
        int blocksPerChunk = RUNS / runsPerBlock;
        for (int first = 0; first < count; first += blocksPerChunk) {
            int chunk = Math.min(blocksPerChunk, count - first);
            int from = weightsOffset + first * type.blockSize();
            int to = blocksOffset + first * blockBytes;
            BlockExtremes.magnitudes(weights, from, chunk * runsPerBlock, magnitudes);
            scale(chunk);
            F16.fromFloats(scales, 0, halves, 0, chunk);
            pack(weights, from, chunk, inverses, blocks, to);
            for (int block = 0; block < chunk; block++) {
                SHORT.set(blocks, to + block * blockBytes + scaleOffset, (short) SHORT.get(halves, block * Short.BYTES));
            }
        }
    }

    /**
     * Writes the levels of blocks.
     *
     * @param inverses the inverse scales; 0 for a block of zeros, infinite where the scale is too small for an inverse
     */
    abstract void pack(float[] weights, int from, int count, float[] inverses, byte[] blocks, int to);

    private void scale(int count) {
        for (int block = 0; block < count; block++) {
            float scale = 0;
            for (int run = block * runsPerBlock; run < (block + 1) * runsPerBlock; run++) {
                scale = Math.max(scale, magnitudes[run]);
            }
            scales[block] = scale;
            inverses[block] = scale > 0 ? 1 / scale : 0;
        }
    }

    /** The levels 0, 1 and 2 of as many weights as there are lanes: the nearest integers, halves away from zero, plus 1. */
    static IntVector levels(float[] weights, int at, float inverse) {
        FloatVector scaled = FloatVector.fromArray(Lanes.FLOAT, weights, at).mul(inverse);
        IntVector belowHalf = scaled.sub(0.5f).reinterpretAsInts().lanewise(VectorOperators.ASHR, 31);
        IntVector aboveMinusHalf = scaled.neg().sub(0.5f).reinterpretAsInts().lanewise(VectorOperators.ASHR, 31);
        return belowHalf.sub(aboveMinusHalf).add(1);
    }

    /** Writes the low bytes of lanes, and perhaps some bytes more. */
    static void store(IntVector lanes, byte[] bytes, int at) {
        ((ByteVector) lanes.convertShape(VectorOperators.I2B, Lanes.QUARTER_BYTE, 0)).intoArray(bytes, at);
    }

    /** The inverse of a ternary type: where it overflows, lroundf of infinity and NaN leaves level 1, as does 0. */
    static float finite(float inverse) {
        return inverse <= Float.MAX_VALUE ? inverse : 0;
    }
}
