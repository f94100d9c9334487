package io.nightshift.kernels.reference;

/** Q4_K's and Q5_K's packing of 8 scales and 8 minima of 6 bits, in the order that ggml writes and reads the bytes. */
final class ScalarSixBitScales {
    private ScalarSixBitScales() {}

    static float[] errorWeights(float[] x, int offset) {
        float sum = 0;
        for (int i = 0; i < 32; i++) {
            sum += x[offset + i] * x[offset + i];
        }
        float root = (float) Math.sqrt(sum / 32);
        float[] w = new float[32];
        for (int i = 0; i < 32; i++) {
            w[i] = root + Math.abs(x[offset + i]);
        }
        return w;
    }

    static byte[] pack(int[] scales, int[] mins) {
        byte[] bytes = new byte[12];
        for (int j = 0; j < 8; j++) {
            if (j < 4) {
                bytes[j] = (byte) scales[j];
                bytes[j + 4] = (byte) mins[j];
            } else {
                bytes[j + 4] = (byte) (scales[j] & 0xf | (mins[j] & 0xf) << 4);
                bytes[j - 4] |= (byte) (scales[j] >> 4 << 6);
                bytes[j] |= (byte) (mins[j] >> 4 << 6);
            }
        }
        for (int j = 0; j < 8; j++) {
            if (j < 4) {
                scales[j] = bytes[j] & 63;
                mins[j] = bytes[j + 4] & 63;
            } else {
                scales[j] = bytes[j + 4] & 0xf | (bytes[j - 4] >> 6 & 3) << 4;
                mins[j] = bytes[j + 4] >> 4 & 0xf | (bytes[j] >> 6 & 3) << 4;
            }
        }
        return bytes;
    }

    static void limit(int[] levels) {
        for (int j = 0; j < levels.length; j++) {
            levels[j] = Math.min(63, levels[j]);
        }
    }
}
