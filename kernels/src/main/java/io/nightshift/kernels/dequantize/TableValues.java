package io.nightshift.kernels.dequantize;

/** Four-bit numbers that stand for the values of a table. */
final class TableValues {
    private TableValues() {}

    /** A table as floats. */
    static float[] floats(byte[] table) {
        float[] floats = new float[table.length];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = table[i];
        }
        return floats;
    }

    /** Writes 32 weights, a value times the scale each: 16 of the low halves of 16 bytes, 16 of the high halves. */
    static void thirtyTwo(float[] table, float scale, byte[] bytes, int offset, float[] weights, int w) {
        for (int i = 0; i < 16; i++) {
            int q = bytes[offset + i];
            weights[w + i] = scale * table[q & 15];
            weights[w + 16 + i] = scale * table[q >> 4 & 15];
        }
    }
}
