package io.nightshift.kernels.quantize;

import io.nightshift.kernels.GgmlType;
import io.nightshift.kernels.HalfFloat;
import io.nightshift.kernels.NearestInt;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * IQ4_XS: super-blocks of eight blocks of 32 weights, whose scales are quants of 6 bits, from -32 to 31, times a scale
 * in half precision (ggml-quants.c, quantize_iq4_xs).
 */
final class IQ4XSQuantizer extends NonlinearBlockQuantizer {
    private static final VarHandle SHORT = MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
    private static final int BLOCKS = 8;
    private static final int LOWEST = -32;
    private static final int HIGHEST = 31;

    private final float[] superScales = new float[CHUNK / BLOCKS];

    /** The quants of the scales, 32 added. */
    private final int[] quants = new int[CHUNK];

    IQ4XSQuantizer() {
        super(GgmlType.IQ4_XS);
    }

    @Override
    void scale(int count) {
        for (int first = 0; first < count; first += BLOCKS) {
            float max = 0;
            float largest = 0;
            for (int block = first; block < first + BLOCKS; block++) {
                float magnitude = Math.abs(scales[block]);
                if (magnitude > largest) {
                    largest = magnitude;
                    max = scales[block];
                }
            }
            float superScale = -max / -LOWEST;
            float inverse = superScale != 0 ? 1 / superScale : 0;
            superScales[first / BLOCKS] = superScale;
            for (int block = first; block < first + BLOCKS; block++) {
                int quant = Math.max(LOWEST, Math.min(HIGHEST, NearestInt.of(inverse * scales[block])));
                // Of the scale that is not rounded to half precision, as ggml has it.
                float scale = superScale * quant;
                inverses[block] = scale != 0 ? 1 / scale : 0;
                quants[block] = quant - LOWEST;
            }
        }
    }

    @Override
    void write(int count, byte[] blocks, int offset) {
        int at = offset;
        for (int first = 0; first < count; first += BLOCKS) {
            int high = 0;
            int low = 0;
            for (int i = 0; i < BLOCKS; i++) {
                int quant = quants[first + i];
                low |= (quant & 15) << 4 * i;
                high |= quant >> 4 << 2 * i;
            }
            SHORT.set(blocks, at, HalfFloat.fromFloat(superScales[first / BLOCKS]));
            SHORT.set(blocks, at + 2, (short) high);
            INT.set(blocks, at + 4, low);
            at += 8;
            LevelBlocks.writeNibbles(levels, first, BLOCKS, blocks, at);
            at += BLOCKS * SIZE / 2;
        }
    }
}
