package io.nightshift.kernels.quantize;

import io.nightshift.kernels.F16;
import io.nightshift.kernels.GgmlType;
import io.nightshift.kernels.Lanes;
import io.nightshift.kernels.NearestInt;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/**
 * Blocks of 32 signed bytes and a scale in half precision, {@code weight = scale * byte}; importance has no say
 * (ggml-quants.c, quantize_row_q8_0_ref).
 */
final class Q80Quantizer implements RowQuantizer {
    private static final int SIZE = BlockExtremes.SIZE;
    private static final int LANES = Lanes.COUNT;
    private static final int CHUNK = 64;
    private static final VarHandle SHORT = MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);

    /** The largest float below a half: added to a magnitude, then cut off, it rounds halves away from zero. */
    private static final float NEARLY_HALF = 0.49999997f;

    private final float[] magnitudes = new float[CHUNK];
    private final float[] scales = new float[CHUNK];
    private final byte[] halves = new byte[CHUNK * Short.BYTES];
    private final float[] inverses = new float[CHUNK];

    /** The bytes, and room for the last vector, which may be wider than what it holds. */
    private final byte[] quants = new byte[CHUNK * SIZE + Long.BYTES];

    @Override
    public GgmlType type() {
        return GgmlType.Q8_0;
    }

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
        int blockBytes = type().blockBytes();
        int count = Math.toIntExact(rows * type().rowBytes(columns) / blockBytes);
        for (int first = 0; first < count; first += CHUNK) {
            int chunk = Math.min(CHUNK, count - first);
            int offset = weightsOffset + first * SIZE;
            BlockExtremes.magnitudes(weights, offset, chunk, magnitudes);
            scale(magnitudes, chunk, scales, inverses);
            F16.fromFloats(scales, 0, halves, 0, CHUNK);
            round(weights, offset, chunk * SIZE, inverses, quants);
            write(halves, quants, chunk, blocks, blocksOffset + first * blockBytes);
        }
    }

    private static void scale(float[] magnitudes, int count, float[] scales, float[] inverses) {
        for (int i = 0; i < count; i += LANES) {
            FloatVector scale = FloatVector.fromArray(Lanes.FLOAT, magnitudes, i).div(127f);
            FloatVector inverse = FloatVector.broadcast(Lanes.FLOAT, 1f).div(scale);
            // Infinite for a scale of 0 or nearly so. ggml's conversion of infinity and NaN to bytes leaves 0.
            VectorMask<Float> overflow = inverse.compare(VectorOperators.EQ, Float.POSITIVE_INFINITY);
            scale.intoArray(scales, i);
            inverse.blend(0f, overflow).intoArray(inverses, i);
        }
    }

    private static void round(float[] weights, int offset, int count, float[] inverses, byte[] quants) {
        for (int i = 0; i < count; i += LANES) {
            FloatVector scaled =
                    FloatVector.fromArray(Lanes.FLOAT, weights, offset + i).mul(inverses[i / SIZE]);
            // The nearest integer to the magnitude plus nearly a half, one less where that is above, and the sign back.
            FloatVector magnitude = scaled.abs().add(NEARLY_HALF);
            FloatVector rounded = magnitude.add(NearestInt.ROUNDING);
            IntVector above =
                    magnitude.sub(rounded.sub(NearestInt.ROUNDING)).reinterpretAsInts().lanewise(VectorOperators.ASHR, 31);
            IntVector floor = rounded.reinterpretAsInts().add(above);
            IntVector sign = scaled.reinterpretAsInts().lanewise(VectorOperators.ASHR, 31);
            IntVector quant = floor.lanewise(VectorOperators.XOR, sign).sub(sign);
            ((ByteVector) quant.convertShape(VectorOperators.I2B, Lanes.QUARTER_BYTE, 0)).intoArray(quants, i);
        }
    }

    private static void write(byte[] scales, byte[] quants, int count, byte[] blocks, int offset) {
        int at = offset;
        for (int block = 0; block < count; block++) {
            SHORT.set(blocks, at, (short) SHORT.get(scales, block * Short.BYTES));
            System.arraycopy(quants, block * SIZE, blocks, at + Short.BYTES, SIZE);
            at += Short.BYTES + SIZE;
        }
    }
}
