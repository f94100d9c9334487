package io.nightshift.jobs.awq;

import io.nightshift.formats.awq.AwqItem;
import io.nightshift.jobs.rounding.ScaledInput;
import java.io.Serializable;

/**
 * Rows of a linear layer that one task rounds, and what it needs for that.
 *
 * @param unit number of the layer among the quantized ones
 * @param layer the layer
 * @param from number of the first row, a multiple of 8
 * @param to number behind the last row
 * @param input the layer's input; null where no statistics are used
 * @param columnScales what columns are multiplied by; null where they stay
 * @param rowDivisors what the layer's rows are divided by; null where they stay
 * @param part the part that the layer's bytes are in
 */
record RowBlock(
        int unit,
        AwqItem.Packed layer,
        int from,
        int to,
        ScaledInput input,
        float[] columnScales,
        float[] rowDivisors,
        int part)
        implements Serializable {
    int rows() {
        return to - from;
    }
}
