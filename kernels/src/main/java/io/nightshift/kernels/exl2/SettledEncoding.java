package io.nightshift.kernels.exl2;

import io.nightshift.kernels.encoding.RowCoder;
import io.nightshift.kernels.encoding.RowEncoding;

/**
 * The encoding of one linear layer's rows. Arrays are not copied.
 *
 * @param encoding what it was before
 * @param order channel at each place of activation order
 * @param maxima {@code q_scale_max}, a half a group
 */
record SettledEncoding(Exl2Encoding encoding, int[] order, short[] maxima) implements RowEncoding {
    @Override
    public String name() {
        return encoding.name();
    }

    @Override
    public int groupSize() {
        return encoding.groupSize();
    }

    @Override
    public boolean takesFeedback() {
        return encoding.takesFeedback();
    }

    @Override
    public boolean startsFromNearest() {
        return encoding.startsFromNearest();
    }

    @Override
    public long bits(long rows, long columns) {
        return encoding.bits(rows, columns);
    }

    /** What the layer shares was found for rows with scales folded in. */
    @Override
    public RowCoder ofSingleRows() {
        return encoding.coder();
    }

    @Override
    public RowCoder coder() {
        return new Exl2Coder(encoding.layout(), order, maxima);
    }
}
