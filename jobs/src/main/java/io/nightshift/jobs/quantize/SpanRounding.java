package io.nightshift.jobs.quantize;

import io.nightshift.formats.architecture.LinearLayer;
import io.nightshift.formats.architecture.TensorRecipe;
import io.nightshift.jobs.plan.GgufTarget;
import io.nightshift.jobs.plan.ModelRounding;
import io.nightshift.jobs.plan.RowSpan;
import io.nightshift.jobs.rounding.ScalePlan;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;

/**
 * What is done to the rows of a span beside quantizing them.
 *
 * @param linears the linear layers that they belong to, one an expert; none for other tensors
 * @param firstExpert the expert of the first one
 * @param foldings what scales make of them, one for each target
 * @param rounded for each target, whether rows are rounded by their input's statistics, or at least measured by them
 */
record SpanRounding(List<LinearLayer> linears, long firstExpert, List<SpanFolding> foldings, List<Boolean> rounded)
        implements Serializable {
    /** Nothing is done. */
    static final SpanRounding NONE = new SpanRounding(List.of(), 0, List.of(), List.of());

    /**
     * What is done to a span.
     *
     * @param scales one plan for each target
     */
    static SpanRounding of(
            RowSpan span, TensorRecipe tensor, ModelRounding rounding, List<GgufTarget> targets, List<ScalePlan> scales) {
        List<LinearLayer> all = rounding.linears(tensor.name());
        int first = 0;
        List<LinearLayer> linears = all;
        if (!all.isEmpty()) {
            long rowsPerExpert = tensor.shape().get(1);
            first = Math.toIntExact(span.firstRow() / rowsPerExpert);
            int end = Math.toIntExact((span.firstRow() + span.rows() - 1) / rowsPerExpert) + 1;
            linears = new ArrayList<>(all.subList(first, end));
        }
        List<SpanFolding> foldings = new ArrayList<>();
        List<Boolean> rounded = new ArrayList<>();
        for (int i = 0; i < targets.size(); i++) {
            foldings.add(SpanFolding.of(span, tensor, linears, scales.get(i)));
            rounded.add(rounding.rounds(tensor.name(), targets.get(i).types().get(span.tensor()).type()));
        }
        boolean none = foldings.stream().allMatch(SpanFolding::isNone) && !rounded.contains(true);
        return none ? NONE : new SpanRounding(linears, first, foldings, rounded);
    }

    /** Whether nothing is done. */
    boolean isNone() {
        return foldings.isEmpty();
    }

    /** Whether statistics of the rows' input are needed. */
    boolean needsStatistics() {
        return rounded.contains(true);
    }

    /** The linear layer that a row belongs to. */
    LinearLayer linear(TensorRecipe tensor, long row) {
        return linears.get(index(tensor, row));
    }

    /** What the columns of a row are multiplied by in a target; null where they stay. */
    float[] columnScales(int target, TensorRecipe tensor, long row) {
        return linears.isEmpty() ? null : foldings.get(target).columnScales().get(index(tensor, row));
    }

    private int index(TensorRecipe tensor, long row) {
        return Math.toIntExact(row / tensor.shape().get(1) - firstExpert);
    }
}
