package io.nightshift.kernels.linear;

import java.util.List;

/**
 * Causal self-attention with grouped queries (Ainslie et al., GQA, 2023) and sliding windows: {@link HeadAttention} of heads
 * that lie side by side.
 *
 * @param queryHeads number of query heads, a multiple of {@code keyHeads}
 * @param keyHeads number of key and value heads
 * @param headSize channels a head
 * @param scale what products of queries and keys are multiplied by
 * @param softcap bound of the scaled products, or 0 for none
 * @param window positions that a query sees, its own included, or 0 for all
 */
public record CausalAttention(int queryHeads, int keyHeads, int headSize, float scale, float softcap, int window) {
    /** No sink: what a query's weights lose nothing to. */
    public static final float NO_SINK = HeadAttention.NO_SINK;

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
     * @param query the first head's channels of token t are at {@code queryAt + t * queryStride}; key and value likewise
     * @param result receives the head's channels of token t at {@code to + t * resultStride}, behind those of heads before it
     * @param tokens length of the sequence
     * @param sink a further product of each query, with a key that has no value: its weight is lost; {@link #NO_SINK}
     */
    public void attend(int head, float[] query, int queryAt, int queryStride, float[] key, int keyAt, int keyStride,
            float[] value, int valueAt, int valueStride, int tokens, float[] result, int to, int resultStride, float sink) {
        int shared = head / (queryHeads / keyHeads) * headSize;
        int own = head * headSize;
        TokenChannels values = new TokenChannels(value, valueAt + shared, valueStride, headSize);
        new HeadAttention(scale, softcap, window).attend(new TokenChannels(query, queryAt + own, queryStride, headSize),
                List.of(new TokenChannels(key, keyAt + shared, keyStride, headSize)), values, tokens, result, to + own,
                resultStride, sink);
    }
}
