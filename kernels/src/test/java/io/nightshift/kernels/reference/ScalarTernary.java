package io.nightshift.kernels.reference;

import io.nightshift.kernels.GgmlType;
import java.nio.ByteBuffer;

/** TQ1_0, TQ2_0 and Q2_0: the largest magnitude is the scale, so that levels are 0, 1 and 2. */
final class ScalarTernary extends ScalarBlockQuantizer {
    ScalarTernary(GgmlType type) {
        super(type);
    }

    @Override
    void quantize(float[] x, ByteBuffer out) {
        float scale = largestMagnitude(x);
        int[] levels = new int[x.length];
        for (int i = 0; i < x.length; i++) {
            float scaled = x[i] * inverse(scale);
            if (type() == GgmlType.Q2_0) {
                levels[i] = Math.max(0, Math.min(3, round(scaled) + 1));
            } else {
                // lroundf makes the least long of what is out of range, whose low 32 bits are 0.
                levels[i] = Math.abs(scaled) < 0x1p31f ? round(scaled) + 1 : 1;
            }
        }
        switch (type()) {
            case Q2_0 -> {
                out.putShort(ScalarHalf.toF16(scale));
                for (int i = 0; i < 64; i += 4) {
                    out.put((byte) (levels[i] | levels[i + 1] << 2 | levels[i + 2] << 4 | levels[i + 3] << 6));
                }
            }
            case TQ2_0 -> {
                for (int i = 0; i < 256; i = i % 32 == 31 ? i + 97 : i + 1) {
                    out.put((byte) (levels[i] | levels[i + 32] << 2 | levels[i + 64] << 4 | levels[i + 96] << 6));
                }
                out.putShort(ScalarHalf.toF16(scale));
            }
            default -> {
                writeDigits(levels, 0, 32, 5, out);
                writeDigits(levels, 160, 16, 5, out);
                writeDigits(levels, 240, 4, 4, out);
                out.putShort(ScalarHalf.toF16(scale));
            }
        }
    }

    /** Bytes of five digits in base 3, the first the most significant, as fractions of 256, rounded up. */
    private static void writeDigits(int[] levels, int first, int bytes, int digits, ByteBuffer out) {
        for (int i = 0; i < bytes; i++) {
            int number = 0;
            for (int digit = 0; digit < 5; digit++) {
                number = 3 * number + (digit < digits ? levels[first + i + digit * bytes] : 0);
            }
            out.put((byte) ((number * 256 + 242) / 243));
        }
    }
}
