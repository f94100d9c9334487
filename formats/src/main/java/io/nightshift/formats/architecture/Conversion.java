package io.nightshift.formats.architecture;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.Printable;
import io.nightshift.formats.architecture.TensorRow.Presence;
import io.nightshift.formats.architecture.TensorRow.Source;
import io.nightshift.formats.checkpoint.Checkpoint;
import io.nightshift.formats.checkpoint.ModelConfig;
import io.nightshift.formats.safetensors.SafetensorsTensor;
import io.nightshift.formats.safetensors.SafetensorsType;
import io.nightshift.kernels.GgmlType;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Applies an architecture's table to a checkpoint, and accounts for every source tensor. */
final class Conversion {
    private final Architecture architecture;
    private final Checkpoint checkpoint;
    private final ModelConfig config;
    private final String location;
    private final Map<String, SafetensorsTensor> sources = new LinkedHashMap<>();
    private final List<String> leftOut = new ArrayList<>();
    private final Set<String> used = new HashSet<>();
    private final SourceTransforms transforms;
    private final GgmlType matrixType;

    Conversion(Architecture architecture, Checkpoint checkpoint) {
        this.architecture = architecture;
        this.checkpoint = checkpoint;
        this.config = checkpoint.config();
        this.location = checkpoint.folder().location();
        this.transforms = new SourceTransforms(checkpoint);
        collectSources();
        this.matrixType = matrixType();
    }

    private void collectSources() {
        for (SafetensorsTensor tensor : checkpoint.tensors()) {
            String name = SourceNames.canonical(tensor.name());
            if (SourceNames.isDropped(tensor.name()) || architecture.leftOut().contains(tensor.name())) {
                leftOut.add(tensor.name());
                continue;
            }
            SafetensorsTensor other = sources.put(name, tensor);
            if (other != null) {
                throw new InvalidModelException(location + ": tensors " + Printable.name(other.name()) + " and "
                        + Printable.name(tensor.name()) + " are both " + Printable.name(name) + " of the language model");
            }
        }
    }

    /** The first matrix in F16 or BF16 decides (conversion/base.py, ModelBase.__init__). */
    private GgmlType matrixType() {
        for (SafetensorsTensor tensor : sources.values()) {
            if (tensor.shape().size() >= 2) {
                if (tensor.type() == SafetensorsType.BF16) {
                    return GgmlType.BF16;
                }
                if (tensor.type() == SafetensorsType.F16) {
                    return GgmlType.F16;
                }
            }
        }
        return GgmlType.F16;
    }

    ModelConversion convert() throws IOException {
        List<TensorRecipe> tensors = new ArrayList<>();
        try {
            architecture.computed().forEach(computed -> tensors.addAll(computed.of(config)));
            int layers = (int) Math.min(Integer.MAX_VALUE, config.integer("num_hidden_layers"));
            for (TensorRow row : architecture.tensors()) {
                if (row.isOfLayer()) {
                    addLayers(row, layers, tensors);
                } else {
                    recipe(row, 0).ifPresent(tensors::add);
                }
            }
        } catch (ArithmeticException e) {
            throw new InvalidModelException(config.location() + ": its sizes make a tensor of 2^63 weights or more", e);
        }
        refuseUnused();
        return new ModelConversion(architecture, matrixType, List.copyOf(tensors),
                metadata(architecture.leading()).metadata(), metadata(architecture.hyperparameters()).metadata(),
                List.copyOf(leftOut));
    }

    private void addLayers(TensorRow row, int layers, List<TensorRecipe> tensors) throws IOException {
        boolean inFirst = false;
        for (int layer = 0; layer < layers; layer++) {
            Optional<TensorRecipe> recipe = recipe(row, layer);
            if (layer > 0 && recipe.isPresent() != inFirst) {
                throw missing(row, inFirst ? layer : 0);
            }
            inFirst = recipe.isPresent();
            recipe.ifPresent(tensors::add);
        }
    }

    private Optional<TensorRecipe> recipe(TensorRow row, int layer) throws IOException {
        for (Source source : row.sources()) {
            String name = TensorRow.inLayer(source.name(), layer);
            boolean each = source.transform() == Transform.STACK_EXPERTS;
            if (sources.containsKey(each ? TensorRow.ofExpert(name, 0) : name)) {
                return Optional.of(recipe(row, layer, source.transform(), tensors(name, each)));
            }
        }
        boolean tied = config.find("tie_word_embeddings").map(node -> node.asBoolean()).orElse(true);
        if (row.presence() == Presence.REQUIRED || row.presence() == Presence.UNLESS_TIED && !tied) {
            throw missing(row, layer);
        }
        return Optional.empty();
    }

    private List<SafetensorsTensor> tensors(String name, boolean oneAnExpert) {
        List<SafetensorsTensor> tensors = new ArrayList<>();
        long count = oneAnExpert ? Dimension.EXPERTS.of(config) : 1;
        for (int i = 0; i < count; i++) {
            String each = TensorRow.ofExpert(name, i);
            SafetensorsTensor tensor = sources.get(each);
            if (tensor == null) {
                throw new InvalidModelException(location + ": tensor " + each + " is missing");
            }
            used.add(each);
            tensors.add(tensor);
        }
        return tensors;
    }

    private TensorRecipe recipe(TensorRow row, int layer, Transform transform, List<SafetensorsTensor> tensors)
            throws IOException {
        String name = TensorRow.inLayer(row.output(), layer);
        for (SafetensorsTensor tensor : tensors) {
            if (!tensor.type().isSourceOfWeights()) {
                throw new InvalidModelException(location + "/" + tensor.file() + ": tensor " + tensor.name()
                        + " is of type " + tensor.type() + ", but only BF16, F16, F32 and F64 weights can be"
                        + " quantized. Start from the original checkpoint");
            }
        }
        return transforms.recipe(name, outputType(name, row.shape().size()), row, transform, tensors);
    }

    /** Vectors, norms, routers and biases stay F32 (conversion/base.py, ModelBase.prepare_tensors). */
    private GgmlType outputType(String name, int dimensions) {
        boolean full = dimensions <= 1
                || name.endsWith("_norm.weight")
                || name.endsWith(".ffn_gate_inp.weight")
                || !name.endsWith(".weight");
        return full ? GgmlType.F32 : matrixType;
    }

    private void refuseUnused() {
        List<String> unused = sources.entrySet().stream()
                .filter(entry -> !used.contains(entry.getKey()))
                .map(entry -> entry.getValue().name())
                .toList();
        if (!unused.isEmpty()) {
            WrappedNames.refusalOfAdapters(location, unused).ifPresent(refusal -> {
                throw refusal;
            });
            throw new InvalidModelException(location + ": tensor " + Printable.name(unused.get(0))
                    + " has no place in the architecture " + config.architecture() + " (" + unused.size()
                    + " such tensors). Is this a checkpoint of another model, or of more layers than config.json says?");
        }
    }

    private InvalidModelException missing(TensorRow row, int layer) {
        String name = TensorRow.ofExpert(TensorRow.inLayer(row.sources().get(0).name(), layer), 0);
        Optional<InvalidModelException> wrapped = WrappedNames.refusal(location, name, sources.keySet());
        if (wrapped.isPresent()) {
            return wrapped.get();
        }
        String missing = location + ": tensor " + name + " is missing, which " + config.architecture() + " needs";
        if (row.presence() == Presence.UNLESS_TIED) {
            return new InvalidModelException(missing + " where \"tie_word_embeddings\" is false in config.json"
                    + (config.isGiven("tie_word_embeddings") ? "" : ", as it is for this model type where the key is absent")
                    + ". If the output uses the embedding, set it to true; else fetch the checkpoint again");
        }
        return new InvalidModelException(missing + ". Fetch the checkpoint again");
    }

    private HyperparameterWriter metadata(List<Hyperparameter> keys) {
        HyperparameterWriter writer = new HyperparameterWriter(architecture.name(), matrixType);
        keys.forEach(key -> key.write(config, writer));
        return writer;
    }
}
