package io.nightshift.formats.architecture;

import java.io.Serializable;

/** Which source row stands at each output row. */
public sealed interface RowOrder extends Serializable {
    /** The source row of an output row. */
    long sourceRow(long outputRow);

    /** Rows as they are. */
    RowOrder AS_IS = new AsIs();

    /** Rows as they are. */
    record AsIs() implements RowOrder {
        @Override
        public long sourceRow(long outputRow) {
            return outputRow;
        }
    }

    /**
     * The two halves of each head interleaved, as llama.cpp's RoPE wants q and k of the Llama family
     * (conversion/llama.py, permute).
     *
     * @param headRows rows a head, even
     */
    record InterleavedHalves(int headRows) implements RowOrder {
        @Override
        public long sourceRow(long outputRow) {
            long head = outputRow / headRows;
            int row = (int) (outputRow % headRows);
            return head * headRows + (row & 1) * (headRows / 2) + row / 2;
        }
    }
}
