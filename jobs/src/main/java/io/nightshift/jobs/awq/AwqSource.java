package io.nightshift.jobs.awq;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.architecture.Architectures;
import io.nightshift.formats.architecture.LinearLayer;
import io.nightshift.formats.architecture.LinearLayers;
import io.nightshift.formats.architecture.ModelConversion;
import io.nightshift.formats.architecture.RowOrder;
import io.nightshift.formats.architecture.ScaleGroup;
import io.nightshift.formats.architecture.ScaleGroups;
import io.nightshift.formats.architecture.SourceRows;
import io.nightshift.formats.architecture.TensorRecipe;
import io.nightshift.formats.awq.AwqItem;
import io.nightshift.formats.awq.AwqPlan;
import io.nightshift.formats.checkpoint.Checkpoint;
import io.nightshift.jobs.rounding.ScalePlan;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** The linear layers, norms and biases of a checkpoint, and what scales do to those that are not quantized. */
final class AwqSource {
    private final ModelConversion conversion;
    private final List<LinearLayer> linears;
    private final Map<SourceRows, LinearLayer> bySource = new HashMap<>();
    private final Map<String, TensorRecipe> vectors = new HashMap<>();

    AwqSource(Checkpoint checkpoint) throws IOException {
        conversion = Architectures.convert(checkpoint);
        linears = LinearLayers.of(conversion);
        linears.forEach(linear -> bySource.put(linear.source(), linear));
        for (TensorRecipe recipe : conversion.tensors()) {
            if (recipe.shape().size() == 1 && recipe.content() instanceof TensorRecipe.Stored stored) {
                vectors.put(stored.parts().get(0).tensor().name(), recipe);
            }
        }
    }

    /** Groups whose channels can be scaled when these layers are quantized. */
    List<ScaleGroup> scaleGroups(AwqPlan plan) {
        Set<String> quantized =
                plan.units().stream().map(unit -> unit.linear().module()).collect(Collectors.toSet());
        return ScaleGroups.of(conversion, linears, linear -> quantized.contains(linear.module()));
    }

    /** What becomes of each item that is copied, but not as it is; by its number. */
    Map<Integer, Folding> foldings(AwqPlan plan, ScalePlan scales) {
        Map<Integer, Folding> foldings = new HashMap<>();
        for (int i = 0; i < plan.items().size(); i++) {
            if (plan.items().get(i) instanceof AwqItem.Copied copied) {
                Folding folding = folding(copied, scales);
                if (folding != null) {
                    foldings.put(i, folding);
                }
            }
        }
        return foldings;
    }

    private Folding folding(AwqItem.Copied item, ScalePlan scales) {
        LinearLayer linear = bySource.get(item.source());
        if (linear != null) {
            float[] columns = scales.columnScales(linear);
            float[] rows = scales.rowDivisors(linear);
            return columns == null && rows == null ? null : new Folding(columns, rows, null, 0);
        }
        TensorRecipe recipe = vectors.get(item.source().tensor().name());
        if (recipe == null) {
            return null;
        }
        SourceRows rows = ((TensorRecipe.Stored) recipe.content()).parts().get(0);
        float[] divisors = scales.vectorDivisors(recipe.name(), Math.toIntExact(recipe.columns()));
        if (divisors != null && rows.order() != RowOrder.AS_IS) {
            throw new InvalidModelException(
                    recipe.name() + ": its order is changed, so that scales cannot be folded into it");
        }
        return divisors == null ? null : new Folding(null, null, divisors, rows.shift());
    }
}
