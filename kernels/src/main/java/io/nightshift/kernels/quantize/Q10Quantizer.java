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
 * Q1_0: blocks of 128 signs, with their mean magnitude in half precision as the scale; importance has no say
 * (ggml-quants.c, quantize_row_q1_0_ref).
 */
final class Q10Quantizer implements RowQuantizer {
    private static final VarHandle SHORT = MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final int SIZE = 128;

    /** Blocks a chunk. */
    private static final int CHUNK = 16;

    /** Blocks that are summed side by side, as each sum waits for its last addition. */
    private static final int TOGETHER = 8;

    /** The product's highest byte has bit i from byte i of a long whose bytes are 0 or 1. */
    private static final long GATHER = 0x0102040810204080L;

    private final float[] scales = new float[CHUNK + TOGETHER];
    private final byte[] halves = new byte[CHUNK * Short.BYTES];
    private final byte[] signs = new byte[SIZE + Long.BYTES];

    @Override
    public GgmlType type() {
        return GgmlType.Q1_0;
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
            int from = weightsOffset + first * SIZE;
            for (int block = 0; block < chunk; block += TOGETHER) {
                average(weights, from + block * SIZE, Math.min(TOGETHER, chunk - block), scales, block);
            }
            F16.fromFloats(scales, 0, halves, 0, chunk);
            int to = blocksOffset + first * blockBytes;
            for (int block = 0; block < chunk; block++) {
                SHORT.set(blocks, to, (short) SHORT.get(halves, block * Short.BYTES));
                findSigns(weights, from + block * SIZE, signs);
                join(signs, blocks, to + Short.BYTES);
                to += blockBytes;
            }
        }
    }

    /** The mean magnitudes of up to eight blocks, each summed in the order of its weights. */
    private static void average(float[] weights, int offset, int count, float[] means, int at) {
        // Where blocks are too few, the last comes several times.
        int last = count - 1;
        int a = offset;
        int b = offset + Math.min(1, last) * SIZE;
        int c = offset + Math.min(2, last) * SIZE;
        int d = offset + Math.min(3, last) * SIZE;
        int e = offset + Math.min(4, last) * SIZE;
        int f = offset + Math.min(5, last) * SIZE;
        int g = offset + Math.min(6, last) * SIZE;
        int h = offset + last * SIZE;
        float sumA = 0;
        float sumB = 0;
        float sumC = 0;
        float sumD = 0;
        float sumE = 0;
        float sumF = 0;
        float sumG = 0;
        float sumH = 0;
        for (int i = 0; i < SIZE; i++) {
            sumA += Math.abs(weights[a + i]);
            sumB += Math.abs(weights[b + i]);
            sumC += Math.abs(weights[c + i]);
            sumD += Math.abs(weights[d + i]);
            sumE += Math.abs(weights[e + i]);
            sumF += Math.abs(weights[f + i]);
            sumG += Math.abs(weights[g + i]);
            sumH += Math.abs(weights[h + i]);
        }
        means[at] = sumA / SIZE;
        means[at + 1] = sumB / SIZE;
        means[at + 2] = sumC / SIZE;
        means[at + 3] = sumD / SIZE;
        means[at + 4] = sumE / SIZE;
        means[at + 5] = sumF / SIZE;
        means[at + 6] = sumG / SIZE;
        means[at + 7] = sumH / SIZE;
    }

    /** 1 for what is not below zero, as bytes. */
    private static void findSigns(float[] weights, int from, byte[] signs) {
        for (int i = 0; i < SIZE; i += Lanes.COUNT) {
            // The sum makes 0 of -0.
            IntVector bits = FloatVector.fromArray(Lanes.FLOAT, weights, from + i).add(0f).reinterpretAsInts();
            IntVector sign = bits.lanewise(VectorOperators.ASHR, 31).add(1);
            ((ByteVector) sign.convertShape(VectorOperators.I2B, Lanes.QUARTER_BYTE, 0)).intoArray(signs, i);
        }
    }

    /** One bit of each of 128 bytes. */
    private static void join(byte[] signs, byte[] blocks, int to) {
        for (int i = 0; i < SIZE; i += Long.BYTES) {
            blocks[to + i / 8] = (byte) ((long) LONG.get(signs, i) * GATHER >>> 56);
        }
    }
}
