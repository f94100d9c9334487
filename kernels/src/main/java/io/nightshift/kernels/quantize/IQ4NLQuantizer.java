package io.nightshift.kernels.quantize;

import io.nightshift.kernels.F16;
import io.nightshift.kernels.GgmlType;

/** IQ4_NL: blocks of 32 weights, each with a scale in half precision (ggml-quants.c, quantize_iq4_nl). */
final class IQ4NLQuantizer extends NonlinearBlockQuantizer {
    private final byte[] halves = new byte[CHUNK * Short.BYTES];

    IQ4NLQuantizer() {
        super(GgmlType.IQ4_NL);
    }

    @Override
    void scale(int count) {
        for (int block = 0; block < count; block++) {
            inverses[block] = scales[block] != 0 ? 1 / scales[block] : 0;
        }
    }

    @Override
    void write(int count, byte[] blocks, int offset) {
        F16.fromFloats(scales, 0, halves, 0, count);
        LevelBlocks.write(halves, null, false, levels, count, blocks, offset);
    }
}
