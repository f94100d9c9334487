package io.nightshift.jobs.rounding;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.architecture.LinearLayer;
import io.nightshift.formats.architecture.ModelConversion;
import io.nightshift.formats.architecture.RowOrder;
import io.nightshift.formats.architecture.SourceRows;
import io.nightshift.formats.architecture.TensorParts;
import io.nightshift.formats.architecture.TensorRecipe;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** What the scales of one output make of each tensor of a model. */
public final class Foldings {
    /** Nothing is folded into anything, and no tensor is looked at as a linear layer. */
    public static final Foldings NONE = new Foldings(ScalePlan.NONE, List.of());

    private final ScalePlan scales;
    private final List<LinearLayer> linears;
    private final Map<String, List<LinearLayer>> byTensor = new HashMap<>();
    private final Map<SourceRows, LinearLayer> bySource = new HashMap<>();
    private final Map<String, TensorRecipe> vectors = new HashMap<>();

    private Foldings(ScalePlan scales, List<LinearLayer> linears) {
        this.scales = scales;
        this.linears = List.copyOf(linears);
    }

    /**
     * The foldings of a model.
     *
     * @param linears all linear layers, routers among them, experts of a tensor by their number
     */
    public Foldings(ModelConversion conversion, List<LinearLayer> linears, ScalePlan scales) {
        this(scales, linears);
        for (LinearLayer linear : linears) {
            byTensor.computeIfAbsent(linear.tensor(), name -> new ArrayList<>()).add(linear);
            bySource.put(linear.source(), linear);
        }
        for (TensorRecipe recipe : conversion.tensors()) {
            if (recipe.rows() == 1 && recipe.content() instanceof TensorRecipe.Stored stored) {
                vectors.put(stored.parts().get(0).tensor().name(), recipe);
            }
        }
    }

    /** All of them. */
    public List<LinearLayer> linears() {
        return linears;
    }

    /** The linear layers that a tensor of the model is, by expert; none for other tensors. */
    public List<LinearLayer> linears(String tensor) {
        return byTensor.getOrDefault(tensor, List.of());
    }

    /** Of rows [from, to) of a tensor as GGUF has it. */
    public RowFolding ofRows(TensorRecipe tensor, long from, long to) {
        List<LinearLayer> linears = linears(tensor.name());
        if (linears.isEmpty()) {
            boolean vector = tensor.rows() == 1 && tensor.content() instanceof TensorRecipe.Stored;
            return vector
                    ? RowFolding.ofVector(scales.vectorDivisors(tensor.name(), Math.toIntExact(tensor.columns())))
                    : RowFolding.NONE;
        }
        long rowsPerExpert = tensor.rowsPerExpert();
        int first = Math.toIntExact(from / rowsPerExpert);
        int end = Math.toIntExact((to - 1) / rowsPerExpert) + 1;
        List<float[]> columnScales = new ArrayList<>();
        linears.subList(first, end).forEach(linear -> columnScales.add(scales.columnScales(linear)));
        RowFolding folding = new RowFolding(
                columnScales, rowsPerExpert, first, rowDivisors(tensor, linears, from, to), from, null);
        return folding.isNone() ? RowFolding.NONE : folding;
    }

    /** Divisors stand in the order of the checkpoint, where rows have one besides their own; rows in that of the tensor. */
    private float[] rowDivisors(TensorRecipe tensor, List<LinearLayer> linears, long from, long to) {
        float[] divisors = null;
        long rowsPerExpert = tensor.rowsPerExpert();
        TensorParts parts = new TensorParts(tensor, (TensorRecipe.Stored) tensor.content());
        for (long expert = from / rowsPerExpert; expert * rowsPerExpert < to; expert++) {
            float[] ofExpert = scales.rowDivisors(linears.get(Math.toIntExact(expert)));
            if (ofExpert == null) {
                continue;
            }
            if (divisors == null) {
                divisors = new float[Math.toIntExact(to - from)];
                Arrays.fill(divisors, 1);
            }
            long start = expert * rowsPerExpert;
            for (long row = Math.max(start, from); row < Math.min(start + rowsPerExpert, to); row++) {
                RowOrder order = parts.at(row).areReordered() ? parts.at(row).order() : RowOrder.AS_IS;
                divisors[(int) (row - from)] = ofExpert[Math.toIntExact(order.sourceRow(row - start))];
            }
        }
        return divisors;
    }

    /** Of all rows of a linear layer, in the order of the checkpoint. */
    public RowFolding ofLinear(LinearLayer linear) {
        float[] columns = scales.columnScales(linear);
        float[] rows = scales.rowDivisors(linear);
        return columns == null && rows == null
                ? RowFolding.NONE
                : new RowFolding(Arrays.asList(columns), linear.outputs(), 0, rows, 0, null);
    }

    /**
     * Of a source tensor that an output keeps.
     *
     * @throws InvalidModelException if scales would have to be folded into a vector whose order is changed
     */
    public RowFolding ofSource(SourceRows source) {
        LinearLayer linear = bySource.get(source);
        if (linear != null) {
            return ofLinear(linear);
        }
        TensorRecipe recipe = vectors.get(source.tensor().name());
        if (recipe == null) {
            return RowFolding.NONE;
        }
        SourceRows rows = ((TensorRecipe.Stored) recipe.content()).parts().get(0);
        RowFolding folding =
                RowFolding.ofVector(scales.vectorDivisors(recipe.name(), Math.toIntExact(recipe.columns())));
        if (!folding.isNone() && rows.order() != RowOrder.AS_IS) {
            throw new InvalidModelException(
                    recipe.name() + ": its order is changed, so that scales cannot be folded into it");
        }
        return folding;
    }

    /** What the model adds to the stored elements of a source tensor: 1 for Gemma's norms, else 0. */
    public float shift(SourceRows source) {
        TensorRecipe recipe = vectors.get(source.tensor().name());
        return recipe == null ? 0 : ((TensorRecipe.Stored) recipe.content()).parts().get(0).shift();
    }
}
