package io.nightshift.formats.architecture;

import io.nightshift.formats.gguf.GgufMetadata;
import io.nightshift.formats.gguf.GgufValue;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/** Finds the groups of a model whose channels can be scaled, from its family's table and its shapes. */
public final class ScaleGroups {
    private static final List<String> OUTPUT_NORMS = List.of("output_norm.weight", "token_embd_norm.weight");

    private final Map<String, TensorRecipe> recipes = new LinkedHashMap<>();
    private final String architecture;
    private final GgufMetadata hyperparameters;
    private final Map<Integer, List<LinearLayer>> layers;
    private final Predicate<LinearLayer> quantized;

    private ScaleGroups(ModelConversion conversion, List<LinearLayer> linears, Predicate<LinearLayer> quantized) {
        this.architecture = conversion.architecture().name();
        this.hyperparameters = conversion.hyperparameters();
        conversion.tensors().forEach(recipe -> recipes.put(recipe.name(), recipe));
        this.layers = linears.stream().collect(Collectors.groupingBy(LinearLayer::layer, TreeMap::new, Collectors.toList()));
        this.quantized = quantized;
    }

    /**
     * The groups, layer by layer. A group is left out where shapes do not allow it, where
     * the family's table forbids it, or where one of its layers is not quantized.
     *
     * @param linears {@link LinearLayers#of}
     * @param quantized whether a layer is; never asked of one that steers
     */
    public static List<ScaleGroup> of(
            ModelConversion conversion, List<LinearLayer> linears, Predicate<LinearLayer> quantized) {
        ScaleGroups groups = new ScaleGroups(conversion, linears, quantized);
        List<ScaleGroup> found = new ArrayList<>();
        for (int layer : groups.layers.keySet()) {
            for (LinearGroup group : conversion.architecture().linearGroups()) {
                if (group.scaled()) {
                    groups.add(layer, group, found);
                }
            }
        }
        return List.copyOf(found);
    }

    /**
     * The group of the output projection, which reads what the final norm produces; none where blocks that predict further
     * tokens may read it too, behind norms of their own.
     *
     * @param output {@link LinearLayers#output}
     */
    public static Optional<ScaleGroup> ofOutput(ModelConversion conversion, LinearLayer output) {
        if (LinearLayers.predictsFurther(conversion)) {
            return Optional.empty();
        }
        return conversion.tensors().stream()
                .filter(recipe -> OUTPUT_NORMS.contains(recipe.name()))
                .map(norm -> new ScaleGroup(LinearLayer.NO_LAYER, LinearLayer.NO_EXPERT, norm.name(),
                        ((TensorRecipe.Stored) norm.content()).parts().get(0), 0, Math.toIntExact(output.inputs()), 1,
                        List.of(output), List.of()))
                .findFirst();
    }

    private void add(int layer, LinearGroup group, List<ScaleGroup> found) {
        List<LinearLayer> readers = layers.get(layer).stream()
                .filter(linear -> group.linears().contains(linear.role()))
                .toList();
        if (readers.isEmpty()) {
            return;
        }
        String producer = "blk." + layer + "." + group.producer() + ".weight";
        if (group.ofNorm()) {
            // Falcon-H1 has one without ".weight"; in some layers of a family there is none.
            TensorRecipe norm = recipes.getOrDefault(producer, recipes.get("blk." + layer + "." + group.producer()));
            if (norm != null && norm.content() instanceof TensorRecipe.Stored stored) {
                SourceRows weights = stored.parts().get(0);
                group(layer, LinearLayer.NO_EXPERT, norm.name(), weights, weights.tensor().columns(), readers)
                        .ifPresent(found::add);
            }
            return;
        }
        Map<Integer, List<LinearLayer>> byExpert =
                readers.stream().collect(Collectors.groupingBy(LinearLayer::expert, TreeMap::new, Collectors.toList()));
        byExpert.forEach((expert, ofExpert) -> layers.get(layer).stream()
                .filter(linear -> linear.tensor().equals(producer) && linear.expert() == expert)
                .findFirst()
                .flatMap(linear -> group(layer, expert, producer, null, linear.outputs(), ofExpert))
                .ifPresent(found::add));
    }

    private Optional<ScaleGroup> group(
            int layer, int expert, String producer, SourceRows norm, long produced, List<LinearLayer> readers) {
        List<LinearLayer> linears = readers.stream().filter(linear -> !linear.steers()).toList();
        List<LinearLayer> steering = readers.stream().filter(LinearLayer::steers).toList();
        if (linears.isEmpty() || !linears.stream().allMatch(quantized)) {
            return Optional.empty();
        }
        long channels = linears.get(0).inputs();
        // Of a gate and an up projection in one matrix, the second half makes the channels' factor that is linear.
        boolean half = norm == null && produced == 2 * channels;
        // Of a convolution's projection, the second third makes what multiplies the convolution's output.
        boolean third = is(producer, Role.CONVOLUTION_INPUT) && produced == 3 * channels;
        long valueHeads = is(producer, Role.VALUE) ? valueHeads(layer) : 0;
        boolean repeated = valueHeads > 0 && produced < channels && channels % produced == 0 && produced % valueHeads == 0;
        if (produced != channels && !half && !third && !repeated) {
            return Optional.empty();
        }
        return Optional.of(new ScaleGroup(
                layer,
                expert,
                producer,
                norm,
                half || third ? Math.toIntExact(channels) : 0,
                Math.toIntExact(repeated ? produced / valueHeads : channels),
                repeated ? Math.toIntExact(channels / produced) : 1,
                linears,
                steering));
    }

    private static boolean is(String tensor, Role role) {
        return tensor.endsWith("." + role.tensor() + ".weight");
    }

    private long valueHeads(int layer) {
        String key = architecture + ".attention.head_count_kv";
        return hyperparameters.get(key)
                .filter(GgufValue.Int32s.class::isInstance)
                .map(each -> (long) ((GgufValue.Int32s) each).values()[layer])
                .or(() -> hyperparameters.number(key))
                .orElse(0L);
    }
}
