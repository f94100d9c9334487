package io.nightshift.kernels.linear;

import io.nightshift.kernels.Lanes;
import java.io.Serializable;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;

/**
 * The gated delta rule of linear attention (Yang et al., Gated Delta Networks, 2024): a head's state S, keys by values, is
 * multiplied by a token's decay, what it gives for the token's key is moved towards the token's value by a share, and the
 * token's query reads it.
 *
 * <p>Tokens are taken {@value #TOKENS} at a time, from a sequence's start: within such a chunk the tokens' changes of the
 * state follow from each other by a triangular system, and all else are products of matrices. With decays a, shares b,
 * A(i, j) = a(j + 1) ... a(i) and A(i) those from the chunk's start on, the changes D of a chunk solve
 * D(i) + b(i) sum over j &lt; i of A(i, j) (k(i) · k(j)) D(j) = b(i) (v(i) - A(i) k(i) S).
 *
 * @param keyHeads number of heads of queries and keys
 * @param valueHeads number of heads of values and states, a multiple of {@code keyHeads}: those in a row share a key
 * @param keySize channels of a query's and a key's head
 * @param valueSize channels of a value's head
 */
public record GatedDeltaRule(int keyHeads, int valueHeads, int keySize, int valueSize) implements Serializable {
    private static final int TOKENS = 64;
    private static final int ROWS = TileKernel.ROWS;
    private static final int COLUMNS = TileKernel.COLUMNS;

    /** Checks the numbers of heads. */
    public GatedDeltaRule {
        if (keyHeads < 1 || valueHeads < 1 || valueHeads % keyHeads != 0) {
            throw new IllegalArgumentException(
                    valueHeads + " value heads cannot share " + keyHeads + " key heads: it must be a multiple");
        }
    }

    /**
     * What one value head of a sequence reads from its state, which starts at zero.
     *
     * @param head index of the value head
     * @param mixed a token's queries, keys and values, in this order; those of token t start at {@code at + t * stride}
     * @param decays logarithms of decays, 0 or less, one a value head: those of token t at
     *     {@code gatesAt + t * valueHeads}; shares likewise, from 0 to 1
     * @param tokens length of the sequence
     * @param result receives the head's channels of token t at {@code to + t * resultStride}
     */
    public void apply(int head, float[] mixed, int at, int stride, float[] decays, float[] shares, int gatesAt, int tokens,
            float[] result, int to, int resultStride) {
        int ofKey = head / (valueHeads / keyHeads) * keySize;
        Chunk chunk = new Chunk(Math.min(TOKENS, tokens));
        for (int first = 0; first < tokens; first += TOKENS) {
            int count = Math.min(TOKENS, tokens - first);
            int row = at + first * stride;
            chunk.steer(decays, shares, gatesAt + first * valueHeads + head, count);
            chunk.read(count, mixed, row + ofKey, row + keyHeads * keySize + ofKey,
                    row + 2 * keyHeads * keySize + head * valueSize, stride);
            chunk.solve(count);
            chunk.write(count, result, to + head * valueSize + first * resultStride, resultStride);
            chunk.change(count);
        }
    }

    /** The state and what a chunk of tokens needs besides it, all matrices row-major. */
    private final class Chunk {
        private final float[] state = new float[keySize * valueSize];

        /** Keys, and then queries; the same, decayed from the chunk's start and keys times their shares. */
        private final float[] inputs;
        private final float[] decayed;
        /** Products of keys, and then of queries, with keys: times decays between the tokens, and keys' times shares. */
        private final float[] products;
        /** What the state gives for the decayed keys, and then for queries. */
        private final float[] read;
        private final float[] changes;
        private final float[] share;
        private final ChunkDecays decays;
        private final float[] rowPanels;
        private final float[] columnPanels;

        Chunk(int width) {
            inputs = new float[2 * width * keySize];
            decayed = new float[2 * width * keySize];
            products = new float[2 * width * width];
            read = new float[2 * width * valueSize];
            changes = new float[width * valueSize];
            share = new float[width];
            decays = new ChunkDecays(width);
            int depth = Math.max(keySize, width);
            rowPanels = new float[Panels.count(Math.max(2 * width, keySize), ROWS) * ROWS * depth];
            columnPanels = new float[Panels.count(Math.max(valueSize, width), COLUMNS) * COLUMNS * depth];
        }

        /** Takes what says how the state decays, and how far it changes. */
        void steer(float[] logarithms, float[] shares, int at, int count) {
            decays.read(logarithms, at, valueHeads, count);
            for (int i = 0; i < count; i++) {
                share[i] = shares[at + i * valueHeads];
            }
        }

        /** Makes the products of the chunk's keys and queries, with each other and with the state. */
        void read(int count, float[] mixed, int queries, int keys, int values, int stride) {
            float[] fromStart = decays.fromStart();
            for (int i = 0; i < count; i++) {
                System.arraycopy(mixed, keys + i * stride, inputs, i * keySize, keySize);
                System.arraycopy(mixed, queries + i * stride, inputs, (count + i) * keySize, keySize);
                System.arraycopy(mixed, values + i * stride, changes, i * valueSize, valueSize);
                multiply(inputs, i * keySize, keySize, fromStart[i] * share[i], decayed, i * keySize);
                multiply(inputs, (count + i) * keySize, keySize, fromStart[i], decayed, (count + i) * keySize);
            }
            Panels.transpose(2 * count, keySize, inputs, 0, keySize, ROWS, rowPanels, 0, ROWS * keySize);
            Panels.transpose(count, keySize, inputs, 0, keySize, COLUMNS, columnPanels, 0, COLUMNS * keySize);
            product(keySize, 2 * count, count, products);
            weigh(count);
            Panels.transpose(2 * count, keySize, decayed, 0, keySize, ROWS, rowPanels, 0, ROWS * keySize);
            Panels.copy(valueSize, keySize, state, 0, valueSize, COLUMNS, columnPanels, 0, COLUMNS * keySize);
            product(keySize, 2 * count, valueSize, read);
        }

        /** Multiplies products of a token and an earlier one by the decay between, and clears those with later ones. */
        private void weigh(int count) {
            for (int i = 0; i < count; i++) {
                float[] between = decays.to(i);
                int ofKey = i * count;
                int ofQuery = (count + i) * count;
                for (int j = 0; j <= i; j++) {
                    products[ofKey + j] *= between[j] * share[i];
                    products[ofQuery + j] *= between[j];
                }
                Arrays.fill(products, ofQuery + i + 1, ofQuery + count, 0);
            }
        }

        /** Finds the changes from the first token to the last. */
        void solve(int count) {
            for (int i = 0; i < count; i++) {
                int own = i * valueSize;
                int channel = 0;
                for (; channel <= valueSize - Lanes.COUNT; channel += Lanes.COUNT) {
                    FloatVector change = FloatVector.fromArray(Lanes.FLOAT, changes, own + channel)
                            .mul(share[i])
                            .sub(FloatVector.fromArray(Lanes.FLOAT, read, own + channel));
                    for (int j = 0; j < i; j++) {
                        change = FloatVector.fromArray(Lanes.FLOAT, changes, j * valueSize + channel)
                                .fma(FloatVector.broadcast(Lanes.FLOAT, -products[i * count + j]), change);
                    }
                    change.intoArray(changes, own + channel);
                }
                for (; channel < valueSize; channel++) {
                    float change = changes[own + channel] * share[i] - read[own + channel];
                    for (int j = 0; j < i; j++) {
                        change = Math.fma(changes[j * valueSize + channel], -products[i * count + j], change);
                    }
                    changes[own + channel] = change;
                }
            }
        }

        /** What queries read: of the state before the chunk, and of the changes up to their token. */
        void write(int count, float[] result, int to, int resultStride) {
            for (int i = 0; i < count; i++) {
                System.arraycopy(read, (count + i) * valueSize, result, to + i * resultStride, valueSize);
            }
            Panels.transpose(count, count, products, count * count, count, ROWS, rowPanels, 0, ROWS * count);
            Panels.copy(valueSize, count, changes, 0, valueSize, COLUMNS, columnPanels, 0, COLUMNS * count);
            PanelProduct.add(count, count, rowPanels, 0, ROWS * count, valueSize, columnPanels, 0, COLUMNS * count,
                    result, to, resultStride);
        }

        /** Brings the state to the chunk's end; the changes are packed already. */
        void change(int count) {
            multiply(state, 0, state.length, decays.fromStart()[count - 1], state, 0);
            for (int i = 0; i < count; i++) {
                multiply(inputs, i * keySize, keySize, decays.toEnd()[i], decayed, i * keySize);
            }
            Panels.copy(keySize, count, decayed, 0, keySize, ROWS, rowPanels, 0, ROWS * count);
            PanelProduct.add(count, keySize, rowPanels, 0, ROWS * count, valueSize, columnPanels, 0, COLUMNS * count,
                    state, 0, valueSize);
        }

        private void product(int depth, int rows, int columns, float[] into) {
            Arrays.fill(into, 0, rows * columns, 0);
            PanelProduct.add(depth, rows, rowPanels, 0, ROWS * depth, columns, columnPanels, 0, COLUMNS * depth,
                    into, 0, columns);
        }

        private static void multiply(float[] values, int at, int count, float factor, float[] into, int to) {
            for (int i = 0; i < count; i++) {
                into[to + i] = values[at + i] * factor;
            }
        }
    }
}
