package io.nightshift.kernels.linear;

import io.nightshift.kernels.transformer.Softcap;
import io.nightshift.kernels.transformer.Softmax;
import java.util.Arrays;
import java.util.List;

/**
 * Causal self-attention of one head. Queries are taken {@value #QUERIES} at a time: their products with the keys they see, the
 * softmax of these, and the products of that with the values. The blocks begin at a sequence's start, so results do not depend
 * on other sequences. Values may have another size than queries and keys.
 *
 * @param scale what products of queries and keys are multiplied by
 * @param softcap bound of the scaled products, or 0 for none
 * @param window positions that a query sees, its own included, or 0 for all
 */
public record HeadAttention(float scale, float softcap, int window) {
    /** No sink: what a query's weights lose nothing to. */
    public static final float NO_SINK = Float.NEGATIVE_INFINITY;

    private static final int QUERIES = 96;
    private static final int RUN = 256;

    /** A multiple of a tile's columns at any width of vectors. */
    private static final int KEY_ALIGNMENT = 32;

    /**
     * Attention over one sequence.
     *
     * @param key channels that together are as many as the query's, in this order: heads may share some of them
     * @param tokens length of the sequence
     * @param result receives as many channels as values have, those of token t at {@code to + t * stride}
     * @param sink a further product of each query, with a key that has no value: its weight is lost; {@link #NO_SINK}
     * @throws IllegalArgumentException if keys and queries are of different sizes
     */
    public void attend(TokenChannels query, List<TokenChannels> key, TokenChannels value, int tokens, float[] result, int to,
            int stride, float sink) {
        int size = query.count();
        int width = TileKernel.COLUMNS;
        float[] keys = keys(key, size, tokens);
        float[] values = new float[Panels.count(value.count(), width) * width * tokens];
        Panels.copy(value.count(), tokens, value.values(), value.at(), value.stride(), width, values, 0, width * tokens);

        float[] queries = new float[QUERIES * size];
        float[] scores = new float[QUERIES * tokens];
        float[] weights = new float[QUERIES * RUN];
        for (int first = 0; first < tokens; first += QUERIES) {
            int count = Math.min(QUERIES, tokens - first);
            int firstKey = firstKey(first) / KEY_ALIGNMENT * KEY_ALIGNMENT;
            int seen = first + count - firstKey;
            Panels.transpose(count, size, query.values(), query.at() + first * query.stride(), query.stride(),
                    TileKernel.ROWS, queries, 0, TileKernel.ROWS * size);
            Arrays.fill(scores, 0, count * seen, 0);
            PanelProduct.add(size, count, queries, 0, TileKernel.ROWS * size,
                    seen, keys, firstKey * size, width * size, scores, 0, seen);
            for (int i = 0; i < count; i++) {
                weigh(scores, i * seen, seen, firstKey(first + i) - firstKey, first + i + 1 - firstKey, sink);
            }
            sum(count, seen, firstKey, tokens, scores, weights, values, value.count(), result, to + first * stride, stride);
        }
    }

    /** Keys as columns of panels, one part of their channels below another. */
    private static float[] keys(List<TokenChannels> key, int size, int tokens) {
        int width = TileKernel.COLUMNS;
        float[] keys = new float[Panels.count(tokens, width) * width * size];
        int depth = 0;
        for (TokenChannels part : key) {
            if (depth + part.count() <= size) {
                Panels.transpose(tokens, part.count(), part.values(), part.at(), part.stride(), width, keys, depth * width,
                        width * size);
            }
            depth += part.count();
        }
        if (depth != size) {
            throw new IllegalArgumentException("keys of " + depth + " channels for queries of " + size);
        }
        return keys;
    }

    private int firstKey(int query) {
        return window == 0 ? 0 : Math.max(0, query - window + 1);
    }

    /** Turns a row of products into weights, of which those out of sight are 0. */
    private void weigh(float[] scores, int row, int seen, int from, int end, float sink) {
        for (int i = row + from; i < row + end; i++) {
            scores[i] *= scale;
        }
        if (softcap != 0) {
            Softcap.apply(scores, row + from, end - from, softcap);
        }
        Softmax.apply(scores, row + from, end - from, sink);
        Arrays.fill(scores, row, row + from, 0);
        Arrays.fill(scores, row + end, row + seen, 0);
    }

    private static void sum(int count, int seen, int firstKey, int tokens, float[] scores, float[] weights, float[] values,
            int size, float[] result, int at, int stride) {
        int width = TileKernel.COLUMNS;
        for (int i = 0; i < count; i++) {
            Arrays.fill(result, at + i * stride, at + i * stride + size, 0);
        }
        for (int run = 0; run < seen; run += RUN) {
            int depth = Math.min(RUN, seen - run);
            Panels.transpose(count, depth, scores, run, seen, TileKernel.ROWS, weights, 0, TileKernel.ROWS * RUN);
            PanelProduct.add(depth, count, weights, 0, TileKernel.ROWS * RUN,
                    size, values, (firstKey + run) * width, width * tokens, result, at, stride);
        }
    }
}
