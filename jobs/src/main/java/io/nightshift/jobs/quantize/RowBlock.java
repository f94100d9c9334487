package io.nightshift.jobs.quantize;

import io.nightshift.formats.layout.Item;
import io.nightshift.kernels.encoding.RowEncoding;
import java.io.Serializable;

/**
 * Rows of a gathered linear layer that one task rounds.
 *
 * @param item the layer
 * @param encoding of its rows
 * @param from number of the first row
 * @param to number behind the last row
 * @param treatment what is done to them
 * @param part the piece that writes the layer's bytes, or {@link #NO_PART}
 */
record RowBlock(Item.Gathered item, RowEncoding encoding, int from, int to, Treatment treatment, int part)
        implements Serializable {
    /** Of blocks that are rounded before any piece is cut. */
    static final int NO_PART = -1;

    /** Unlike that of every other block of an output. */
    String name() {
        return "block-" + item.linear().module() + "-" + from + "-" + to;
    }

    int rows() {
        return to - from;
    }
}
