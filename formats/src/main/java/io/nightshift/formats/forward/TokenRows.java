package io.nightshift.formats.forward;

import io.nightshift.kernels.parallel.Workers;
import java.util.function.IntConsumer;

/** Work on the rows of tokens, a piece of them at a time. */
final class TokenRows {
    private static final int TOKENS_A_PIECE = 16;

    private TokenRows() {}

    /** Calls back once a token, by several threads at once. */
    static void each(int tokens, Workers workers, IntConsumer token) {
        workers.run((tokens + TOKENS_A_PIECE - 1) / TOKENS_A_PIECE, piece -> {
            int end = Math.min(tokens, (piece + 1) * TOKENS_A_PIECE);
            for (int i = piece * TOKENS_A_PIECE; i < end; i++) {
                token.accept(i);
            }
        });
    }

    /** Multiplies numbers by a factor, in place. */
    static void scale(float[] values, int at, int count, float factor) {
        if (factor != 1) {
            for (int i = at; i < at + count; i++) {
                values[i] *= factor;
            }
        }
    }

    /** Adds one matrix of {@code tokens} rows to another. */
    static void add(float[] sum, float[] addend, int tokens, int channels, Workers workers) {
        each(tokens, workers, token -> {
            for (int i = token * channels; i < (token + 1) * channels; i++) {
                sum[i] += addend[i];
            }
        });
    }
}
