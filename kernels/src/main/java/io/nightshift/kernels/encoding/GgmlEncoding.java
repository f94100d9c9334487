package io.nightshift.kernels.encoding;

import io.nightshift.kernels.GgmlType;

/**
 * The blocks of a ggml type, as llama-quantize makes them.
 *
 * @param type one that a quantizer makes
 */
public record GgmlEncoding(GgmlType type) implements RowEncoding {
    /** Weights that a column is compared with, whatever the type: the groups of most of them. */
    private static final int GROUP = 32;

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
        return new BlockCoder(type);
    }
}
