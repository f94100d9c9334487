package io.nightshift.kernels.linear;

import io.nightshift.kernels.parallel.Workers;
import java.util.Objects;

/**
 * Gram matrices H = XᵀX in square blocks, of which only those on and above the diagonal are computed.
 *
 * <p>Block (r, c) with r &lt;= c holds the sums over tokens of x[r * size + i] * x[c * size + j] at i * size + j; a
 * matrix whose channels do not fill its last blocks has zeros there. Blocks on the diagonal are whole.
 */
public final class Gram {
    /** Tokens that are summed in one chain. */
    public static final int RUN = 256;

    private Gram() {}

    /** Blocks on and above the diagonal. */
    public static int blocks(int channels, int size) {
        int side = Panels.count(channels, size);
        return side * (side + 1) / 2;
    }

    /** Position of block (row, column) in the order of {@link #add}: row by row, row &lt;= column. */
    public static int index(int channels, int size, int row, int column) {
        int side = Panels.count(channels, size);
        Objects.checkIndex(column, side);
        Objects.checkIndex(row, column + 1);
        return row * side - row * (row - 1) / 2 + column - row;
    }

    /**
     * Adds the products of some tokens' activations to blocks. Tokens are summed {@value #RUN} at a time, from zero and
     * in their order, with fused multiply-adds, and the sum is then added to the block: calls that split the tokens at
     * multiples of {@value #RUN} give the same bits. Needs {@value #RUN} tokens twice over as memory.
     *
     * @param activations row-major, {@code tokens * channels} from the start
     * @param size channels a block's side, a multiple of 32; one of 96 wastes least
     * @param blocks {@link #blocks} arrays of {@code size * size} floats
     * @throws IllegalArgumentException if the size or an array does not fit
     */
    public static void add(
            float[] activations, int tokens, int channels, int size, float[][] blocks, Workers workers) {
        check(activations, tokens, channels, size, blocks);
        Run run = new Run(activations, channels, size);
        int side = Panels.count(channels, size);
        for (int token = 0; token < tokens; token += RUN) {
            int first = token;
            int depth = Math.min(RUN, tokens - token);
            workers.run(side, block -> run.pack(first, depth, block));
            workers.run(blocks.length, piece -> {
                int row = row(piece, side);
                int column = piece - (row * side - row * (row - 1) / 2) + row;
                run.add(depth, row, column, blocks[piece]);
            });
        }
    }

    private static void check(float[] activations, int tokens, int channels, int size, float[][] blocks) {
        if (size <= 0 || size % 32 != 0) {
            throw new IllegalArgumentException("blocks of " + size + " channels: a multiple of 32 is needed");
        }
        if (blocks.length != blocks(channels, size)) {
            throw new IllegalArgumentException(blocks.length + " blocks of " + size + " for " + channels
                    + " channels: there must be " + blocks(channels, size));
        }
        Objects.checkFromIndexSize(0, Math.multiplyExact(tokens, channels), activations.length);
        for (float[] block : blocks) {
            if (block.length != size * size) {
                throw new IllegalArgumentException(
                        "a block has " + block.length + " elements, but must have " + size * size);
            }
        }
    }

    private static int row(int piece, int side) {
        int row = 0;
        for (int left = piece; left >= side - row; row++) {
            left -= side - row;
        }
        return row;
    }

    /** Adds the sums of squares of each channel, in double precision, tokens in their order. */
    public static void addSquares(float[] activations, int tokens, int channels, double[] sums) {
        Objects.checkFromIndexSize(0, Math.multiplyExact(tokens, channels), activations.length);
        for (int token = 0; token < tokens; token++) {
            for (int channel = 0; channel < channels; channel++) {
                double value = activations[token * channels + channel];
                sums[channel] += value * value;
            }
        }
    }

    /** Some tokens, packed as rows and as columns of the product. */
    private static final class Run {
        private final float[] activations;
        private final int channels;
        private final int size;
        private final int rowsOfBlock;
        private final float[] rows;
        private final float[] columns;

        Run(float[] activations, int channels, int size) {
            this.activations = activations;
            this.channels = channels;
            this.size = size;
            this.rowsOfBlock = Panels.count(size, TileKernel.ROWS) * TileKernel.ROWS * RUN;
            int side = Panels.count(channels, size);
            this.rows = new float[Math.multiplyExact(side, rowsOfBlock)];
            this.columns = new float[Math.multiplyExact(side, size * RUN)];
        }

        private int width(int block) {
            return Math.min(size, channels - block * size);
        }

        void pack(int token, int depth, int block) {
            int at = token * channels + block * size;
            Panels.copy(width(block), depth, activations, at, channels,
                    TileKernel.ROWS, rows, block * rowsOfBlock, TileKernel.ROWS * RUN);
            Panels.copy(width(block), depth, activations, at, channels,
                    TileKernel.COLUMNS, columns, block * size * RUN, TileKernel.COLUMNS * RUN);
        }

        void add(int depth, int row, int column, float[] block) {
            int height = width(row);
            int count;
            for (int i = 0; i < height; i += count) {
                count = PanelProduct.rowsAtOnce(height - i);
                PanelProduct.addRows(depth, count, rows, row * rowsOfBlock + i * RUN, TileKernel.ROWS * RUN,
                        row == column ? i : 0, width(column), columns,
                        column * size * RUN, TileKernel.COLUMNS * RUN, block, i * size, size);
            }
            if (row == column) {
                mirror(block, height);
            }
        }

        private void mirror(float[] block, int height) {
            for (int i = 1; i < height; i++) {
                for (int j = 0; j < i; j++) {
                    block[i * size + j] = block[j * size + i];
                }
            }
        }
    }
}
