package io.nightshift.kernels.reference;

import io.nightshift.kernels.Codebooks;
import io.nightshift.kernels.GgmlType;
import java.nio.ByteBuffer;

/** MXFP4. */
final class ScalarMXFP4 extends ScalarBlockQuantizer {
    private static final byte[] VALUES = Codebooks.mxfp4();

    ScalarMXFP4() {
        super(GgmlType.MXFP4);
    }

    @Override
    void quantize(float[] x, ByteBuffer out) {
        float largest = largestMagnitude(x);
        // As C does it: the logarithm is rounded to a float before it is cut, and negative exponents wrap round.
        float logarithm = (float) (Math.log(largest) / Math.log(2));
        int exponent = largest > 0 ? (int) (Math.floor(logarithm) - 2 + 127) & 0xff : 0;
        float unit = (float) Math.scalb(0.5, exponent - 127);
        out.put((byte) exponent);
        for (int i = 0; i < 16; i++) {
            out.put((byte) (index(x[i], unit) | index(x[i + 16], unit) << 4));
        }
    }

    private static int index(float x, float unit) {
        int best = 0;
        for (int i = 1; i < 16; i++) {
            if (Math.abs(VALUES[i] * unit - x) < Math.abs(VALUES[best] * unit - x)) {
                best = i;
            }
        }
        return best;
    }
}
