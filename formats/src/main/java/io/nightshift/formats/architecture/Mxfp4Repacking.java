package io.nightshift.formats.architecture;

/** MXFP4 of gpt-oss, two neighbours a byte, as ggml's blocks, whose halves share bytes (ggml-common.h, block_mxfp4). */
final class Mxfp4Repacking {
    private static final int PACKED_BYTES = 16;
    private static final int BLOCK_BYTES = PACKED_BYTES + 1;

    private Mxfp4Repacking() {}

    /**
     * Blocks of ggml: the exponent, then 16 bytes of which byte i has number i below and number i + 16 above.
     *
     * @param packed 16 bytes a block, of which byte i has number 2 i below and number 2 i + 1 above
     * @param exponents one byte a block
     */
    static byte[] blocks(byte[] packed, byte[] exponents) {
        byte[] blocks = new byte[Math.multiplyExact(exponents.length, BLOCK_BYTES)];
        for (int block = 0; block < exponents.length; block++) {
            int from = block * PACKED_BYTES;
            int to = block * BLOCK_BYTES;
            blocks[to] = exponents[block];
            for (int i = 0; i < PACKED_BYTES; i++) {
                blocks[to + 1 + i] = (byte) (nibble(packed, from, i) | nibble(packed, from, i + PACKED_BYTES) << 4);
            }
        }
        return blocks;
    }

    private static int nibble(byte[] packed, int from, int number) {
        return packed[from + number / 2] >> 4 * (number % 2) & 0x0f;
    }
}
