package io.nightshift.kernels.linear;

import io.nightshift.kernels.transformer.Softcap;
import io.nightshift.kernels.transformer.Softmax;
import java.util.Arrays;

/**
 * Causal self-attention with grouped queries (Ainslie et al., GQA, 2023) and sliding windows. Queries are taken
 * {@value #QUERIES} at a time: their products with the keys they see, the softmax of these, and the products of that
 * with the values. The blocks begin at a sequence's start, so results do not depend on other sequences.
 *
 * @param queryHeads number of query heads, a multiple of {@code keyHeads}
 * @param keyHeads number of key and value heads
 * @param headSize channels a head
 * @param scale what products of queries and keys are multiplied by
 * @param softcap bound of the scaled products, or 0 for none
 * @param window positions that a query sees, its own included, or 0 for all
 */
public record CausalAttention(int queryHeads, int keyHeads, int headSize, float scale, float softcap, int window) {
    private static final int QUERIES = 96;
    private static final int RUN = 256;

    /** A multiple of a tile's columns at any width of vectors. */
    private static final int KEY_ALIGNMENT = 32;

    /** No sink: what a query's weights lose nothing to. */
    public static final float NO_SINK = Float.NEGATIVE_INFINITY;

    /** Checks the numbers of heads. */
    public CausalAttention {
        if (queryHeads < 1 || keyHeads < 1 || queryHeads % keyHeads != 0) {
            throw new IllegalArgumentException(
                    queryHeads + " query heads cannot share " + keyHeads + " key heads: it must be a multiple");
        }
    }

    /**
     * Attention of one query head over one sequence.
     *
     * @param head index of the query head
     * @param query the head's channels of token t are at {@code queryAt + t * queryStride}; key and value likewise
     * @param result receives the head's channels of token t at {@code to + t * resultStride}
     * @param tokens length of the sequence
     * @param sink a further product of each query, with a key that has no value: its weight is lost; {@link #NO_SINK}
     */
    public void attend(int head, float[] query, int queryAt, int queryStride, float[] key, int keyAt, int keyStride,
            float[] value, int valueAt, int valueStride, int tokens, float[] result, int to, int resultStride, float sink) {
        int shared = head / (queryHeads / keyHeads) * headSize;
        int own = head * headSize;
        int width = TileKernel.COLUMNS;
        float[] keys = new float[Panels.count(tokens, width) * width * headSize];
        Panels.transpose(tokens, headSize, key, keyAt + shared, keyStride, width, keys, 0, width * headSize);
        float[] values = new float[Panels.count(headSize, width) * width * tokens];
        Panels.copy(headSize, tokens, value, valueAt + shared, valueStride, width, values, 0, width * tokens);

        float[] queries = new float[QUERIES * headSize];
        float[] scores = new float[QUERIES * tokens];
        float[] weights = new float[QUERIES * RUN];
        for (int first = 0; first < tokens; first += QUERIES) {
            int count = Math.min(QUERIES, tokens - first);
            int firstKey = firstKey(first) / KEY_ALIGNMENT * KEY_ALIGNMENT;
            int seen = first + count - firstKey;
            Panels.transpose(count, headSize, query, queryAt + own + first * queryStride, queryStride,
                    TileKernel.ROWS, queries, 0, TileKernel.ROWS * headSize);
            Arrays.fill(scores, 0, count * seen, 0);
            PanelProduct.add(headSize, count, queries, 0, TileKernel.ROWS * headSize,
                    seen, keys, firstKey * headSize, width * headSize, scores, 0, seen);
            for (int i = 0; i < count; i++) {
                weigh(scores, i * seen, seen, firstKey(first + i) - firstKey, first + i + 1 - firstKey, sink);
            }
            sum(count, seen, firstKey, tokens, scores, weights, values, result, to + own + first * resultStride,
                    resultStride);
        }
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

    private void sum(int count, int seen, int firstKey, int tokens, float[] scores, float[] weights, float[] values,
            float[] result, int at, int stride) {
        int width = TileKernel.COLUMNS;
        for (int i = 0; i < count; i++) {
            Arrays.fill(result, at + i * stride, at + i * stride + headSize, 0);
        }
        for (int run = 0; run < seen; run += RUN) {
            int depth = Math.min(RUN, seen - run);
            Panels.transpose(count, depth, scores, run, seen, TileKernel.ROWS, weights, 0, TileKernel.ROWS * RUN);
            PanelProduct.add(depth, count, weights, 0, TileKernel.ROWS * RUN,
                    headSize, values, (firstKey + run) * width, width * tokens, result, at, stride);
        }
    }
}
