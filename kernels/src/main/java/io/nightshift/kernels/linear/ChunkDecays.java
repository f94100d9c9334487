package io.nightshift.kernels.linear;

import io.nightshift.kernels.transformer.Exponential;

/** How far a head's state decays between the tokens of a chunk: of the delta rule and of Mamba 2's scan. */
final class ChunkDecays {
    private final float[] sums;
    private final float[] fromStart;
    private final float[] toEnd;
    private final float[] between;

    /** @param tokens of a chunk at the most */
    ChunkDecays(int tokens) {
        sums = new float[tokens];
        fromStart = new float[tokens];
        toEnd = new float[tokens];
        between = new float[tokens];
    }

    /**
     * Takes those of a chunk.
     *
     * @param decays their logarithms: that of token i is at {@code at + i * stride}
     */
    void read(float[] decays, int at, int stride, int count) {
        double sum = 0;
        for (int i = 0; i < count; i++) {
            sum += decays[at + i * stride];
            sums[i] = (float) sum;
            fromStart[i] = sums[i];
        }
        for (int i = 0; i < count; i++) {
            toEnd[i] = sums[count - 1] - sums[i];
        }
        Exponential.apply(fromStart, 0, count);
        Exponential.apply(toEnd, 0, count);
    }

    /** From the chunk's start to each token, its own included. */
    float[] fromStart() {
        return fromStart;
    }

    /** From each token, without its own, to the chunk's end. */
    float[] toEnd() {
        return toEnd;
    }

    /** From each token up to this one, without its own, to this one; the next call fills the same array. */
    float[] to(int token) {
        for (int i = 0; i <= token; i++) {
            between[i] = sums[token] - sums[i];
        }
        Exponential.apply(between, 0, token + 1);
        return between;
    }
}
