package io.nightshift.kernels.linear;

import java.io.Serializable;
import java.util.Arrays;

/**
 * The selective scan of Mamba 2 (Dao and Gu, Transformers are SSMs, 2024): a head's state S, state size by channels, is
 * multiplied by a token's decay, receives the product of what the token writes by, b, and its channels x times its step, and
 * what the token reads by, c, gives its output, to which its channels times the head's skip are added.
 *
 * <p>Tokens are taken {@value #TOKENS} at a time, from a sequence's start, and all but the decays are products of matrices.
 * With decays a, A(i, j) = a(j + 1) ... a(i) and A(i) those from the chunk's start on, outputs are
 * y(i) = A(i) c(i) S + sum over j &lt;= i of A(i, j) (c(i) · b(j)) step(j) x(j) + skip x(i). Heads of a group write and read
 * by the same, so that some of them are taken together, and these products of tokens are made once for all of them.
 *
 * @param groups of heads, which share b and c
 * @param heads number of heads, a multiple of {@code groups}
 * @param stateSize numbers of b and c
 * @param headSize channels of a head
 */
public record SelectiveScan(int groups, int heads, int stateSize, int headSize) implements Serializable {
    private static final int TOKENS = 64;

    /** Of heads that are taken together: half a MiB. */
    private static final int STATES = 1 << 17;

    private static final int ROWS = TileKernel.ROWS;
    private static final int COLUMNS = TileKernel.COLUMNS;

    /** Checks the sizes. */
    public SelectiveScan {
        if (groups < 1 || heads < 1 || heads % groups != 0) {
            throw new IllegalArgumentException(heads + " heads are not a multiple of " + groups + " groups");
        }
        if (stateSize < 1 || headSize < 1) {
            throw new IllegalArgumentException("states of " + stateSize + " by " + headSize);
        }
    }

    /** Channels of all heads. */
    public int channels() {
        return heads * headSize;
    }

    /** Numbers of a token: the channels of all heads, and what all groups write and read by. */
    public int inputs() {
        return channels() + 2 * groups * stateSize;
    }

    /** Into how many pieces, none of which needs another, a sequence can be divided. */
    public int pieces() {
        return groups * piecesOfGroup();
    }

    private int piecesOfGroup() {
        return (heads / groups + atOnce() - 1) / atOnce();
    }

    private int atOnce() {
        return Math.max(1, Math.min(heads / groups, STATES / (stateSize * headSize)));
    }

    /**
     * The outputs of some heads of a sequence, whose states start at zero.
     *
     * @param piece which heads: 0 to {@code pieces() - 1}
     * @param mixed a token's {@link #inputs()}, first the channels, then b and c of all groups; those of token t start at
     *     {@code at + t * stride}
     * @param decays logarithms of decays, 0 or less, one a head: those of token t at {@code stepsAt + t * heads}; steps
     *     likewise
     * @param skips one a head
     * @param tokens length of the sequence
     * @param result receives the heads' channels of token t at {@code to + t * resultStride}
     */
    public void apply(int piece, float[] mixed, int at, int stride, float[] decays, float[] steps, int stepsAt, float[] skips,
            int tokens, float[] result, int to, int resultStride) {
        int group = piece / piecesOfGroup();
        int firstHead = group * (heads / groups) + piece % piecesOfGroup() * atOnce();
        int endHead = Math.min(firstHead + atOnce(), (group + 1) * (heads / groups));
        Chunk chunk = new Chunk(Math.min(TOKENS, tokens), endHead - firstHead);
        for (int first = 0; first < tokens; first += TOKENS) {
            int count = Math.min(TOKENS, tokens - first);
            int row = at + first * stride;
            chunk.read(count, mixed, row + channels() + group * stateSize, groups * stateSize, stride);
            for (int head = firstHead; head < endHead; head++) {
                int gates = stepsAt + first * heads + head;
                chunk.decays.read(decays, gates, heads, count);
                chunk.weigh(count);
                chunk.take(count, mixed, row + head * headSize, stride, steps, gates);
                chunk.write(head - firstHead, count, skips[head], mixed, row + head * headSize, stride,
                        result, to + head * headSize + first * resultStride, resultStride);
                chunk.change(head - firstHead, count);
            }
        }
    }

    /** The states of heads and what a chunk of tokens needs besides them, all matrices row-major. */
    private final class Chunk {
        private final float[] states;

        /** What all heads share: c as rows, b as rows of the state, and products of each token's c with each token's b. */
        private final float[] readers;
        private final float[] writers;
        private final float[] products;

        /** Of one head: products times decays, channels times steps, and these times decays to the chunk's end. */
        private final float[] weighed;
        private final float[] taken;
        private final float[] atEnd;
        private final ChunkDecays decays;
        private final float[] rowPanels;
        private final float[] columnPanels;

        Chunk(int width, int taken) {
            states = new float[taken * stateSize * headSize];
            readers = new float[Panels.count(width, ROWS) * ROWS * stateSize];
            writers = new float[Panels.count(stateSize, ROWS) * ROWS * width];
            products = new float[width * width];
            weighed = new float[width * width];
            this.taken = new float[width * headSize];
            atEnd = new float[width * headSize];
            decays = new ChunkDecays(width);
            rowPanels = new float[Panels.count(width, ROWS) * ROWS * width];
            columnPanels = new float[Math.max(Panels.count(headSize, COLUMNS) * COLUMNS * Math.max(stateSize, width),
                    Panels.count(width, COLUMNS) * COLUMNS * stateSize)];
        }

        /** Packs what the chunk's tokens write and read by, and makes the products of all pairs. */
        void read(int count, float[] mixed, int at, int distance, int stride) {
            Panels.transpose(count, stateSize, mixed, at + distance, stride, ROWS, readers, 0, ROWS * stateSize);
            Panels.copy(stateSize, count, mixed, at, stride, ROWS, writers, 0, ROWS * count);
            Panels.transpose(count, stateSize, mixed, at, stride, COLUMNS, columnPanels, 0, COLUMNS * stateSize);
            Arrays.fill(products, 0, count * count, 0);
            PanelProduct.add(stateSize, count, readers, 0, ROWS * stateSize, count, columnPanels, 0, COLUMNS * stateSize,
                    products, 0, count);
        }

        /** Multiplies products of a token and an earlier one by the decay between, and clears those with later ones. */
        void weigh(int count) {
            for (int i = 0; i < count; i++) {
                float[] between = decays.to(i);
                int row = i * count;
                for (int j = 0; j <= i; j++) {
                    weighed[row + j] = products[row + j] * between[j];
                }
                Arrays.fill(weighed, row + i + 1, row + count, 0);
            }
        }

        /** Channels times steps, and these times decays to the chunk's end. */
        void take(int count, float[] mixed, int at, int stride, float[] steps, int stepsAt) {
            for (int i = 0; i < count; i++) {
                float step = steps[stepsAt + i * heads];
                for (int channel = 0; channel < headSize; channel++) {
                    taken[i * headSize + channel] = mixed[at + i * stride + channel] * step;
                }
                for (int channel = 0; channel < headSize; channel++) {
                    atEnd[i * headSize + channel] = taken[i * headSize + channel] * decays.toEnd()[i];
                }
            }
        }

        /** What tokens read: of the state before the chunk, of their own channels, and of the chunk's up to them. */
        void write(int head, int count, float skip, float[] mixed, int at, int stride, float[] result, int to,
                int resultStride) {
            for (int i = 0; i < count; i++) {
                Arrays.fill(result, to + i * resultStride, to + i * resultStride + headSize, 0);
            }
            Panels.copy(headSize, stateSize, states, head * stateSize * headSize, headSize, COLUMNS, columnPanels, 0,
                    COLUMNS * stateSize);
            PanelProduct.add(stateSize, count, readers, 0, ROWS * stateSize, headSize, columnPanels, 0, COLUMNS * stateSize,
                    result, to, resultStride);
            float[] fromStart = decays.fromStart();
            for (int i = 0; i < count; i++) {
                int own = to + i * resultStride;
                int channels = at + i * stride;
                for (int channel = 0; channel < headSize; channel++) {
                    result[own + channel] = result[own + channel] * fromStart[i] + mixed[channels + channel] * skip;
                }
            }
            Panels.transpose(count, count, weighed, 0, count, ROWS, rowPanels, 0, ROWS * count);
            Panels.copy(headSize, count, taken, 0, headSize, COLUMNS, columnPanels, 0, COLUMNS * count);
            PanelProduct.add(count, count, rowPanels, 0, ROWS * count, headSize, columnPanels, 0, COLUMNS * count,
                    result, to, resultStride);
        }

        /** Brings a head's state to the chunk's end. */
        void change(int head, int count) {
            int state = head * stateSize * headSize;
            float decay = decays.fromStart()[count - 1];
            for (int i = state; i < state + stateSize * headSize; i++) {
                states[i] *= decay;
            }
            Panels.copy(headSize, count, atEnd, 0, headSize, COLUMNS, columnPanels, 0, COLUMNS * count);
            PanelProduct.add(count, stateSize, writers, 0, ROWS * count, headSize, columnPanels, 0, COLUMNS * count,
                    states, state, headSize);
        }
    }
}
