package io.nightshift.kernels.encoding;

import io.nightshift.kernels.GgmlType;

/**
 * The blocks of a ggml type, as llama-quantize makes them.
 *
 * @param type one that a quantizer makes
 * @param weighted whether scales of blocks are chosen by what errors cost, where that is known; as if all columns cost the same
 *     where not
 */
public record GgmlEncoding(GgmlType type, boolean weighted) implements RowEncoding {
    /** Weights that a column is compared with, whatever the type: the groups of most of them. */
    private static final int GROUP = 32;

    /** Blocks whose scales are chosen by what errors cost, where that is known. */
    public GgmlEncoding(GgmlType type) {
        this(type, true);
    }

    @Override
    public String name() {
        return type.name();
    }

    @Override
    public int groupSize() {
        return GROUP;
    }

    @Override
    public boolean takesFeedback() {
        return BlockLayout.supports(type);
    }

    /** Its scales are chosen for what feedback makes of the weights. */
    @Override
    public boolean startsFromNearest() {
        return false;
    }

    /** @throws ArithmeticException if a row is longer than can be counted */
    @Override
    public long bits(long rows, long columns) {
        return Math.multiplyExact(8 * rows, type.rowBytes(columns));
    }

    @Override
    public BlockCoder coder() {
        return new BlockCoder(type, weighted);
    }
}
