package io.nightshift.formats.architecture;

import java.io.Serializable;

/** How the columns of a stored matrix become those of the rows that are made of it. */
public sealed interface ColumnForm extends Serializable {
    /** As they are. */
    ColumnForm AS_STORED = new AsStored();

    /** Weights a row that is made, of rows of so many. */
    long length(long stored);

    /** As they are. */
    record AsStored() implements ColumnForm {
        @Override
        public long length(long stored) {
            return stored;
        }
    }

    /**
     * In another order.
     *
     * @param order which stored column stands at each column of a row
     */
    record Reordered(RowOrder order) implements ColumnForm {
        @Override
        public long length(long stored) {
            return stored;
        }
    }

    /**
     * Columns become rows: row i is the stored column that the order of the rows gives for i.
     *
     * @param rows how many stored rows are taken, from the first: the length of a row that is made
     */
    record Transposed(long rows) implements ColumnForm {
        @Override
        public long length(long stored) {
            return rows;
        }
    }
}
