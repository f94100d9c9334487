package io.nightshift.jobs.quantize;

import io.nightshift.formats.architecture.TensorRecipe;
import io.nightshift.jobs.plan.ModelImportance;
import io.nightshift.jobs.plan.ModelRounding;
import io.nightshift.jobs.plan.Piece;
import io.nightshift.jobs.plan.QuantizationPlan;
import io.nightshift.jobs.plan.RowSpan;
import io.nightshift.jobs.rounding.ScalePlan;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/**
 * What is sent to one task alone. The importance travels with the piece rather than as a broadcast: an executor never
 * holds the whole matrix, which has hundreds of megabytes for a model of many experts, but for each expert that a task
 * works on one value a column.
 *
 * @param piece the work
 * @param importance for each span of it
 * @param rounding for each span of it, scales as far as its rows need them
 */
record PieceInput(Piece piece, List<ImportanceSlice> importance, List<SpanRounding> rounding) implements Serializable {
    /** A piece that is made as llama-quantize does. */
    static PieceInput of(Piece piece, QuantizationPlan plan, Optional<ModelImportance> importance) {
        return new PieceInput(
                piece,
                piece.spans().stream().map(span -> slice(span, plan, importance)).toList(),
                Collections.nCopies(piece.spans().size(), SpanRounding.NONE));
    }

    /**
     * A piece with scales and rounding.
     *
     * @param scales one plan for each target
     */
    static PieceInput of(Piece piece, QuantizationPlan plan, Optional<ModelImportance> importance, ModelRounding rounding,
            List<ScalePlan> scales) {
        List<SpanRounding> ofSpans = new ArrayList<>();
        for (RowSpan span : piece.spans()) {
            TensorRecipe tensor = plan.tensors().get(span.tensor());
            ofSpans.add(SpanRounding.of(span, tensor, rounding, plan.targets(), scales));
        }
        return new PieceInput(piece, of(piece, plan, importance).importance(), ofSpans);
    }

    private static ImportanceSlice slice(RowSpan span, QuantizationPlan plan, Optional<ModelImportance> importance) {
        TensorRecipe tensor = plan.tensors().get(span.tensor());
        boolean quantized = plan.targets().stream()
                .anyMatch(target -> target.types().get(span.tensor()).type() != tensor.type());
        return ImportanceSlice.of(span, tensor, quantized ? importance : Optional.empty());
    }
}
