package io.nightshift.jobs.plan;

import io.nightshift.formats.architecture.TensorRecipe;
import io.nightshift.jobs.output.Part;
import java.io.Serializable;
import java.util.List;

/**
 * A whole job: the same rows, in the same pieces, for each of its targets.
 *
 * @param tensors what is to be made, in output order
 * @param targets the files to be made of it
 * @param pieces the work, one task each
 */
public record QuantizationPlan(List<TensorRecipe> tensors, List<GgufTarget> targets, List<Piece> pieces)
        implements Serializable {
    /** The part of a target that a piece makes: the file's header belongs to the first, padding to what it follows. */
    public Part part(GgufTarget target, int piece) {
        long from = piece == 0 ? 0 : start(target, piece);
        long to = piece == pieces.size() - 1 ? target.layout().length() : start(target, piece + 1);
        return new Part(piece, from, to - from);
    }

    private long start(GgufTarget target, int piece) {
        RowSpan first = pieces.get(piece).spans().get(0);
        return target.position(first.tensor(), first.firstRow());
    }
}
