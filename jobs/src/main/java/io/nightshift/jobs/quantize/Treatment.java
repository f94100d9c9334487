package io.nightshift.jobs.quantize;

import io.nightshift.formats.architecture.LinearLayer;
import io.nightshift.jobs.rounding.RowFolding;
import io.nightshift.jobs.rounding.ScaledInput;
import java.io.Serializable;
import java.util.List;

/**
 * What is done to rows on their way into one output, besides encoding them.
 *
 * @param folding what scales make of them
 * @param importance of their columns, where they are rounded by an importance matrix
 * @param linears the linear layers that they belong to, from {@code firstExpert}; none where they are not rounded
 * @param inputs what these read, as the output scales it; none where there are no statistics
 * @param firstExpert the expert of the first layer
 */
record Treatment(RowFolding folding, ImportanceSlice importance, List<LinearLayer> linears, List<ScaledInput> inputs,
        long firstExpert) implements Serializable {
    /** Nothing is done. */
    static final Treatment NONE = new Treatment(RowFolding.NONE, ImportanceSlice.NONE, List.of(), List.of(), 0);

    /** Rows that are rounded to nearest, by their importance. */
    static Treatment plain(ImportanceSlice importance) {
        return new Treatment(RowFolding.NONE, importance, List.of(), List.of(), 0);
    }

    /** Rows that scales are folded into, and that are no linear layer of which anything is measured. */
    static Treatment folded(RowFolding folding, ImportanceSlice importance) {
        return new Treatment(folding, importance, List.of(), List.of(), 0);
    }

    /** Whether rows are encoded as they are. */
    boolean isPlain() {
        return folding.isNone() && inputs.isEmpty();
    }

    /** Whether rows are rounded, or at least measured, by the statistics of what they read. */
    boolean isMeasured() {
        return !inputs.isEmpty();
    }

    /** The layer that an expert's rows are. */
    LinearLayer linear(long expert) {
        return linears.get(Math.toIntExact(expert - firstExpert));
    }

    /** What that layer reads. */
    ScaledInput input(long expert) {
        return inputs.get(Math.toIntExact(expert - firstExpert));
    }
}
