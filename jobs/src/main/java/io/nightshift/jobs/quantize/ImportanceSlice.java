package io.nightshift.jobs.quantize;

import io.nightshift.formats.architecture.TensorRecipe;
import io.nightshift.jobs.plan.ModelImportance;
import io.nightshift.jobs.plan.RowSpan;
import java.io.Serializable;
import java.util.Arrays;
import java.util.Optional;

/**
 * The importance of the columns of some rows: that of the experts alone which the rows belong to.
 *
 * @param values the columns of the first expert first, or null where nothing is more important than anything else
 * @param firstExpert the expert that the first value belongs to
 */
record ImportanceSlice(float[] values, long firstExpert) implements Serializable {
    private static final ImportanceSlice NONE = new ImportanceSlice(null, 0);

    /** What a span of rows needs. */
    static ImportanceSlice of(RowSpan span, TensorRecipe tensor, Optional<ModelImportance> importance) {
        float[] all = importance.flatMap(matrix -> matrix.of(tensor)).orElse(null);
        if (all == null) {
            return NONE;
        }
        int columns = Math.toIntExact(tensor.columns());
        long rows = rowsPerExpert(tensor);
        int first = Math.toIntExact(span.firstRow() / rows);
        int end = Math.toIntExact((span.firstRow() + span.rows() - 1) / rows) + 1;
        boolean whole = first == 0 && end * columns == all.length;
        return new ImportanceSlice(whole ? all : Arrays.copyOfRange(all, first * columns, end * columns), first);
    }

    /** Where the importance of a row's columns starts in the values; 0 where there are none. */
    int offset(TensorRecipe tensor, long row) {
        return values == null
                ? 0
                : Math.toIntExact((row / rowsPerExpert(tensor) - firstExpert) * tensor.columns());
    }

    private static long rowsPerExpert(TensorRecipe tensor) {
        return tensor.shape().size() > 1 ? tensor.shape().get(1) : 1;
    }
}
