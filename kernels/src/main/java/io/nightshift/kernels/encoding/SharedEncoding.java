package io.nightshift.kernels.encoding;

import io.nightshift.kernels.parallel.Workers;
import io.nightshift.kernels.rounding.FeedbackFactor;
import java.io.IOException;

/**
 * An encoding in which the rows of a linear layer share numbers that follow from all of them, such as the maxima of EXL2's
 * scales. It is settled for a layer first; from then on rows are independent of each other.
 *
 * <p>Not settled, its {@link #coder} takes each row for a layer of its own.
 */
public interface SharedEncoding extends RowEncoding {
    /** All rows of a linear layer, block by block. */
    interface Rows {
        /** Does something with some rows. */
        interface Action {
            /**
             * Does it.
             *
             * @param weights row-major from 0, with scales folded in; not to be kept
             */
            void apply(float[] weights, int rows);
        }

        /**
         * Goes through all rows once, in any blocks.
         *
         * @throws IOException if they cannot be read
         */
        void forEach(Action action) throws IOException;
    }

    /**
     * What the rows of a layer share. It does not depend on how they are cut into blocks.
     *
     * @param factor of the layer's input
     * @throws IOException if rows cannot be read
     * @throws IllegalArgumentException if weights are too large for the format; the message says why, without the layer
     */
    RowEncoding settle(Rows rows, FeedbackFactor factor, Workers workers) throws IOException;
}
