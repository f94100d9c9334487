package io.nightshift.formats.logits;

import io.nightshift.formats.InvalidModelException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A prediction in 16 bits a token (llama.cpp, tools/perplexity/perplexity.cpp, {@code log_softmax} and its use): step and
 * least log probability as 32-bit floats, then the log probability of each token in steps above the least one, as unsigned
 * 16-bit integers, one more of no meaning where the vocabulary is odd. What is more than {@value #RANGE} nats below the most
 * probable token counts as just that.
 */
public final class LogitsRow {
    /** Readers leave out of a divergence what is not above this, in nats: it may be what was cut off. */
    public static final float LEAST_COUNTED = -16;

    private static final int RANGE = 16;
    private static final int STEPS = 65535;
    private static final int HEAD = 2 * Float.BYTES;

    /** Most by which roundings of floats may move a log probability, with room. */
    private static final double SLACK = 1e-2;

    private LogitsRow() {}

    /** Bytes of a row. */
    static int bytes(int vocabulary) {
        return Math.toIntExact(HEAD + 2L * Short.BYTES * ((vocabulary + 1L) / 2));
    }

    /**
     * Writes a row.
     *
     * @param logits in an array, from an index on, one for each token
     * @param logSum logarithm of the sum of their exponentials
     * @param row receives the bytes
     */
    public static void encode(float[] logits, int from, int vocabulary, double logSum, byte[] row) {
        float most = logits[from];
        float least = logits[from];
        for (int i = 1; i < vocabulary; i++) {
            most = Math.max(most, logits[from + i]);
            least = Math.min(least, logits[from + i]);
        }
        least = Math.max(least, most - RANGE);
        float step = (most - least) / STEPS;
        float inverse = step > 0 ? 1 / step : 0;
        ByteBuffer out = ByteBuffer.wrap(row).order(ByteOrder.LITTLE_ENDIAN);
        out.putFloat(step).putFloat(least - most - (float) (logSum - most));
        for (int i = 0; i < vocabulary; i++) {
            out.putShort((short) (int) Math.rint(Math.max(0, inverse * (logits[from + i] - least))));
        }
        if (vocabulary % 2 == 1) {
            out.putShort((short) 0);
        }
    }

    /**
     * Reads a row as log probabilities.
     *
     * @param bytes with the row, from an offset on
     * @param into receives them from an index on
     * @throws InvalidModelException if they cannot be those of a prediction
     */
    public static void decode(byte[] bytes, int offset, int vocabulary, float[] into, int from) {
        ByteBuffer in = ByteBuffer.wrap(bytes, offset, bytes(vocabulary)).order(ByteOrder.LITTLE_ENDIAN);
        float step = in.getFloat();
        float least = in.getFloat();
        float most = Float.NEGATIVE_INFINITY;
        for (int i = 0; i < vocabulary; i++) {
            float value = step * (in.getShort() & 0xffff) + least;
            into[from + i] = value;
            most = Math.max(most, value);
        }
        // The most probable of n tokens has a probability of 1/n at least, and of just that where all are alike.
        double even = -Math.log(vocabulary);
        boolean possible = Float.isFinite(step) && step >= 0 && most <= SLACK && most >= even - SLACK
                && (step > 0 || most <= even + SLACK);
        if (!possible) {
            throw new InvalidModelException("claims log probabilities from " + least + " up, in steps of " + step
                    + ", which cannot be those of a prediction: the file is damaged");
        }
    }
}
