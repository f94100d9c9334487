package io.nightshift.kernels.quantize;

import io.nightshift.kernels.Lanes;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Levels of 4 bits, 32 of one sub-block in the low halves and 32 of the next in the high halves of 32 bytes, as Q4_K and Q5_K
 * have them. A super-block a lane; a word holds four bytes.
 */
final class Nibbles {
    private static final int LANES = Lanes.COUNT;
    private static final int SUB_BLOCK = 8 * LANES;
    private static final int LOW = 0x0f0f0f0f;

    private Nibbles() {}

    /**
     * Packs a super-block.
     *
     * @param levels 64 words of four levels each, of which the low four bits are taken
     * @param block receives 32 words from {@code offset}
     */
    static void pack(int[] levels, int[] block, int offset) {
        for (int pair = 0; pair < 4; pair++) {
            for (int i = 0; i < SUB_BLOCK; i += LANES) {
                IntVector low = IntVector.fromArray(Lanes.INT, levels, 2 * pair * SUB_BLOCK + i).and(LOW);
                IntVector high = IntVector.fromArray(Lanes.INT, levels, (2 * pair + 1) * SUB_BLOCK + i).and(LOW);
                low.or(high.lanewise(VectorOperators.LSHL, 4)).intoArray(block, offset + pair * SUB_BLOCK + i);
            }
        }
    }
}
