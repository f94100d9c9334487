package io.nightshift.jobs.quantize;

import io.nightshift.formats.architecture.TensorRecipe;
import io.nightshift.kernels.encoding.Metric;
import java.io.Serializable;
import java.util.Arrays;
import java.util.Optional;

/**
 * The importance of the columns of some rows: that of the experts alone which the rows belong to. It travels with the piece
 * rather than as a broadcast: an executor never holds the whole matrix, which has hundreds of megabytes for a model of many
 * experts, but for each expert that a task works on one value a column.
 *
 * @param values the columns of the first expert first, or null where nothing is more important than anything else
 * @param firstExpert the expert that the first value belongs to
 */
record ImportanceSlice(float[] values, long firstExpert) implements Serializable {
    /** Nothing is more important than anything else. */
    static final ImportanceSlice NONE = new ImportanceSlice(null, 0);

    /** What rows [from, to) of a tensor need. */
    static ImportanceSlice of(TensorRecipe tensor, long from, long to, Optional<float[]> ofTensor) {
        if (ofTensor.isEmpty()) {
            return NONE;
        }
        float[] all = ofTensor.get();
        int columns = Math.toIntExact(tensor.columns());
        int first = Math.toIntExact(from / tensor.rowsPerExpert());
        int end = Math.toIntExact((to - 1) / tensor.rowsPerExpert()) + 1;
        boolean whole = first == 0 && end * columns == all.length;
        return new ImportanceSlice(whole ? all : Arrays.copyOfRange(all, first * columns, end * columns), first);
    }

    /** Where the importance of a row's columns starts in the values; 0 where there are none. */
    int offset(TensorRecipe tensor, long row) {
        return values == null
                ? 0
                : Math.toIntExact((row / tensor.rowsPerExpert() - firstExpert) * tensor.columns());
    }

    /** What errors in the columns of a row cost. */
    Metric metric(TensorRecipe tensor, long row) {
        int offset = offset(tensor, row);
        return values == null
                ? Metric.NONE
                : new Metric.Importance(Arrays.copyOfRange(values, offset, offset + Math.toIntExact(tensor.columns())));
    }
}
