package io.nightshift.formats.architecture;

import java.util.ArrayList;
import java.util.List;

/**
 * One row of an architecture's table: an output tensor and what makes it. Names hold {@code {layer}} and
 * {@code {expert}} where there is one a layer or expert.
 *
 * @param output its name in GGUF
 * @param shape in the order of the source, the row length last
 * @param presence when a checkpoint must have it
 * @param layers those that have it, where it is one a layer
 * @param sources what may make it: the first whose tensor is in the checkpoint does
 * @param ofMatrixType whether it has the type of the matrices although tensors of its name are kept in F32
 */
record TensorRow(
        String output,
        List<Dimension> shape,
        Presence presence,
        LayerSet layers,
        List<Source> sources,
        boolean ofMatrixType) {
    /** When a checkpoint must have a tensor. What is optional in a layer stands in all of its layers or in none. */
    enum Presence {
        REQUIRED,
        OPTIONAL,
        /** The output matrix: where the configuration does not tie it to the embedding. */
        UNLESS_TIED
    }

    /** A source tensor, or one an expert, and what is done to it. */
    record Source(String name, Transform transform) {
        /** Whether there is one source tensor an expert. */
        boolean isOneAnExpert() {
            return name.contains(EXPERT);
        }
    }

    private static final String LAYER = "{layer}";
    private static final String EXPERT = "{expert}";

    static TensorRow of(String output, String source, Dimension... shape) {
        return of(output, source, Transform.COPY, shape);
    }

    static TensorRow of(String output, String source, Transform transform, Dimension... shape) {
        return new TensorRow(
                output, List.of(shape), Presence.REQUIRED, LayerSet.ALL, List.of(new Source(source, transform)), false);
    }

    /** A row that a checkpoint may go without. */
    TensorRow optional() {
        return new TensorRow(output, shape, Presence.OPTIONAL, layers, sources, ofMatrixType);
    }

    /** A row that a checkpoint may go without where the embedding is used in its place. */
    TensorRow unlessTied() {
        return new TensorRow(output, shape, Presence.UNLESS_TIED, layers, sources, ofMatrixType);
    }

    /** A row whose tensors the converter does not recognize as ones to be kept in F32. */
    TensorRow asMatrix() {
        return new TensorRow(output, shape, presence, layers, sources, true);
    }

    /** A row of some layers. */
    TensorRow in(LayerSet some) {
        return new TensorRow(output, shape, presence, layers.and(some), sources, ofMatrixType);
    }

    /** Rows of some layers. */
    static List<TensorRow> in(LayerSet some, List<TensorRow> rows) {
        return rows.stream().map(row -> row.in(some)).toList();
    }

    /** A row that may come from another tensor as well. */
    TensorRow or(String source, Transform transform) {
        List<Source> more = new ArrayList<>(sources);
        more.add(new Source(source, transform));
        return new TensorRow(output, shape, presence, layers, List.copyOf(more), ofMatrixType);
    }

    boolean isOfLayer() {
        return output.contains(LAYER);
    }

    static String inLayer(String name, int layer) {
        return name.replace(LAYER, Integer.toString(layer));
    }

    static String ofExpert(String name, int expert) {
        return name.replace(EXPERT, Integer.toString(expert));
    }
}
