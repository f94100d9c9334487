package io.nightshift.jobs.quantize;

import io.nightshift.formats.architecture.LinearLayer;
import io.nightshift.formats.architecture.RowOrder;
import io.nightshift.formats.architecture.TensorRecipe;
import io.nightshift.jobs.plan.RowSpan;
import io.nightshift.jobs.rounding.ScalePlan;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/**
 * What scales make of some rows of one target's tensor. Arrays are not copied.
 *
 * @param columnScales for each expert that the rows belong to, what columns are multiplied by; null where they stay
 * @param rowDivisors what each of the rows is divided by; null where they stay
 * @param elementDivisors what each element of a vector is divided by; null where they stay
 */
record SpanFolding(List<float[]> columnScales, float[] rowDivisors, float[] elementDivisors) implements Serializable {
    /** What a plan makes of a span. */
    static SpanFolding of(RowSpan span, TensorRecipe tensor, List<LinearLayer> linears, ScalePlan scales) {
        if (linears.isEmpty()) {
            boolean vector = tensor.shape().size() == 1 && tensor.content() instanceof TensorRecipe.Stored;
            return new SpanFolding(List.of(), null,
                    vector ? scales.vectorDivisors(tensor.name(), Math.toIntExact(tensor.columns())) : null);
        }
        List<float[]> columnScales = new ArrayList<>();
        linears.forEach(linear -> columnScales.add(scales.columnScales(linear)));
        return new SpanFolding(columnScales, rowDivisors(span, tensor, linears, scales), null);
    }

    private static float[] rowDivisors(RowSpan span, TensorRecipe tensor, List<LinearLayer> linears, ScalePlan scales) {
        float[] divisors = null;
        long rowsPerExpert = tensor.shape().get(1);
        long firstExpert = span.firstRow() / rowsPerExpert;
        PartsInOrder parts = new PartsInOrder(tensor, (TensorRecipe.Stored) tensor.content());
        for (int i = 0; i < linears.size(); i++) {
            float[] ofExpert = scales.rowDivisors(linears.get(i));
            if (ofExpert == null) {
                continue;
            }
            if (divisors == null) {
                divisors = new float[Math.toIntExact(span.rows())];
                Arrays.fill(divisors, 1);
            }
            long start = (firstExpert + i) * rowsPerExpert;
            long end = Math.min(start + rowsPerExpert, span.firstRow() + span.rows());
            for (long row = Math.max(start, span.firstRow()); row < end; row++) {
                RowOrder order = parts.at(row).order();
                divisors[(int) (row - span.firstRow())] = ofExpert[Math.toIntExact(order.sourceRow(row - start))];
            }
        }
        return divisors;
    }

    /** Whether rows stay as they are. */
    boolean isNone() {
        return rowDivisors == null && elementDivisors == null && columnScales.stream().allMatch(Objects::isNull);
    }
}
