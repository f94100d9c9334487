package io.nightshift.formats.architecture;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.Printable;
import io.nightshift.formats.architecture.TensorRecipe.Stored;
import io.nightshift.formats.architecture.TensorRow.Presence;
import io.nightshift.formats.architecture.TensorRow.Source;
import io.nightshift.formats.checkpoint.Checkpoint;
import io.nightshift.formats.checkpoint.ModelConfig;
import io.nightshift.formats.gguf.GgufMetadata;
import io.nightshift.formats.gguf.GgufValue;
import io.nightshift.formats.safetensors.SafetensorsTensor;
import io.nightshift.formats.safetensors.SafetensorsType;
import io.nightshift.kernels.GgmlType;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;

/** Applies an architecture's table to a checkpoint, and accounts for every source tensor. */
final class Conversion {
    /** Matrices that the converter writes in F32 whatever the others are. */
    private static final List<String> KEPT = List.of(".ffn_gate_inp.weight", ".ffn_gate_inp_shexp.weight",
            ".ssm_conv1d.weight", ".shortconv.conv.weight", ".indexer.proj.weight");

    /** File types of llama.h: LLAMA_FTYPE_MOSTLY_F16, LLAMA_FTYPE_MOSTLY_BF16 and LLAMA_FTYPE_MOSTLY_MXFP4_MOE. */
    private static final int MOSTLY_F16 = 1;
    private static final int MOSTLY_BF16 = 32;
    private static final int MOSTLY_MXFP4 = 38;

    private final Architecture architecture;
    private final Checkpoint checkpoint;
    private final ModelConfig config;
    private final String location;
    private final Map<String, SafetensorsTensor> sources = new LinkedHashMap<>();
    private final List<String> leftOut = new ArrayList<>();
    private final Set<String> used = new HashSet<>();
    private final QuantizedSources quantized;
    private final GgmlType matrixType;
    private final int blocks;

    Conversion(Architecture architecture, Checkpoint checkpoint) {
        this.architecture = architecture;
        this.checkpoint = checkpoint;
        this.config = architecture.adapted(checkpoint.config());
        this.location = checkpoint.folder().location();
        collectSources();
        this.matrixType = matrixType();
        this.quantized = new QuantizedSources(checkpoint, sources, leftOut);
        this.blocks = architecture.blocks().of(config, sources.keySet());
    }

    private void collectSources() {
        for (SafetensorsTensor tensor : checkpoint.tensors()) {
            Optional<String> name = architecture.naming().nameOf(tensor.name(), config);
            if (name.isEmpty()) {
                leftOut.add(tensor.name());
                continue;
            }
            SafetensorsTensor other = sources.put(name.get(), tensor);
            if (other != null) {
                throw new InvalidModelException(location + ": tensors " + Printable.name(other.name()) + " and "
                        + Printable.name(tensor.name()) + " are both " + Printable.name(name.get())
                        + " of the language model");
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
            for (TensorRow row : architecture.tensors()) {
                if (row.isOfLayer()) {
                    addLayers(row, tensors);
                } else if (row.layers().contains(config, 0)) {
                    recipe(row, 0).ifPresent(tensors::add);
                }
            }
        } catch (ArithmeticException e) {
            throw new InvalidModelException(config.location() + ": its sizes make a tensor of 2^63 weights or more", e);
        }
        GgufMetadata leading = leadingMetadata();
        refuseUnused();
        return new ModelConversion(architecture, matrixType, List.copyOf(tensors),
                leading, metadata(architecture.hyperparameters()).metadata(), List.copyOf(leftOut));
    }

    private GgufMetadata leadingMetadata() throws IOException {
        GgufMetadata leading = new GgufMetadata();
        for (LayerNumber number : architecture.layerNumbers()) {
            leading.set(number.key(), new GgufValue.Float32s(numbers(number)));
        }
        metadata(architecture.leading()).metadata().values().forEach(leading::set);
        return leading;
    }

    private float[] numbers(LayerNumber number) throws IOException {
        float[] numbers = new float[blocks];
        for (int layer = 0; layer < blocks; layer++) {
            SafetensorsTensor tensor = use(TensorRow.inLayer(DecoderRows.LAYER + number.source(), layer));
            if (tensor.elements() != 1 || tensor.type().ggml().isEmpty()) {
                throw new InvalidModelException(location + "/" + tensor.file() + ": tensor " + tensor.name() + " is "
                        + tensor.type() + " of shape " + tensor.shape() + ", but must be one number in BF16, F16 or F32");
            }
            byte[] stored = new byte[Math.toIntExact(tensor.length())];
            checkpoint.folder().readFully(tensor.file(), tensor.position(), stored, 0, stored.length);
            SourceFloats.read(tensor.type().ggml().get(), stored, 0, numbers, layer, 1);
        }
        return numbers;
    }

    private void addLayers(TensorRow row, List<TensorRecipe> tensors) throws IOException {
        Optional<Boolean> inFirst = Optional.empty();
        for (int layer = 0; layer < blocks; layer++) {
            if (!row.layers().contains(config, layer)) {
                continue;
            }
            Optional<TensorRecipe> recipe = recipe(row, layer);
            if (inFirst.isPresent() && recipe.isPresent() != inFirst.get()) {
                throw missing(row, recipe.isPresent() ? firstOf(row) : layer);
            }
            inFirst = Optional.of(recipe.isPresent());
            recipe.ifPresent(tensors::add);
        }
    }

    private int firstOf(TensorRow row) {
        return IntStream.range(0, blocks).filter(layer -> row.layers().contains(config, layer)).findFirst().orElseThrow();
    }

    private Optional<TensorRecipe> recipe(TensorRow row, int layer) throws IOException {
        List<Long> shape = row.shape().stream().map(dimension -> dimension.of(config, layer)).toList();
        for (Source source : row.sources()) {
            String name = TensorRow.inLayer(source.name(), layer);
            if (sources.containsKey(TensorRow.ofExpert(name, 0))) {
                List<SafetensorsTensor> tensors = tensors(name, source.isOneAnExpert() ? shape.get(0) : 1);
                return Optional.of(recipe(row, layer, shape, source.transform(), tensors));
            }
        }
        boolean tied = config.find("tie_word_embeddings").map(node -> node.asBoolean()).orElse(true);
        if (row.presence() == Presence.REQUIRED || row.presence() == Presence.UNLESS_TIED && !tied) {
            throw missing(row, layer);
        }
        return Optional.empty();
    }

    private List<SafetensorsTensor> tensors(String name, long count) {
        List<SafetensorsTensor> tensors = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            tensors.add(use(TensorRow.ofExpert(name, i)));
        }
        return tensors;
    }

    private SafetensorsTensor use(String name) {
        SafetensorsTensor tensor = sources.get(name);
        if (tensor == null) {
            throw new InvalidModelException(location + ": tensor " + name + " is missing");
        }
        used.add(name);
        return tensor;
    }

    private TensorRecipe recipe(
            TensorRow row, int layer, List<Long> shape, Transform transform, List<SafetensorsTensor> tensors)
            throws IOException {
        String name = TensorRow.inLayer(row.output(), layer);
        SourceTensors from = new SourceTensors(checkpoint, config, layer, shape, tensors, other ->
                use(architecture.naming().nameOf(other, config).orElse(other)));
        List<SourceRows> parts = transform.rows(from).stream().map(quantized::dequantized).toList();
        for (SourceRows part : parts) {
            SafetensorsTensor tensor = part.tensor();
            if (part.elements() instanceof ElementForm.AsStored && !tensor.type().isSourceOfWeights()) {
                throw new InvalidModelException(location + "/" + tensor.file() + ": tensor " + tensor.name()
                        + " is of type " + tensor.type() + ", but only BF16, F16, F32 and F64 weights can be quantized,"
                        + " and FP8 and MXFP4 where config.json says how they are stored");
            }
        }
        List<Long> made = new ArrayList<>(shape);
        Collections.reverse(made);
        if (transform == Transform.CUT_TO_TOKENS) {
            made.set(1, parts.get(0).rows());
        }
        if (made.contains(0L)) {
            throw new InvalidModelException(location + ": tensor " + name + " would be of shape "
                    + made + ", without a weight; are config.json and the tokenizer those of this model?");
        }
        Stored content = new Stored(parts);
        GgmlType type = content.type() == GgmlType.MXFP4 ? GgmlType.MXFP4 : outputType(name, row);
        return new TensorRecipe(name, List.copyOf(made), type, content);
    }

    /** Vectors, norms, routers, biases and kernels of convolutions stay F32 (conversion/base.py, prepare_tensors). */
    private GgmlType outputType(String name, TensorRow row) {
        boolean full = row.shape().size() <= 1
                || name.endsWith("_norm.weight")
                || !row.ofMatrixType() && KEPT.stream().anyMatch(name::endsWith)
                || !name.endsWith(".weight");
        return full ? GgmlType.F32 : matrixType;
    }

    private void refuseUnused() {
        List<String> unused = sources.entrySet().stream()
                .filter(entry -> !used.contains(entry.getKey()) && !quantized.isUsed(entry.getKey()))
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

    private int fileType() {
        boolean mxfp4 = checkpoint.quantization()
                .filter(given -> given.method().equals("mxfp4"))
                .isPresent();
        return mxfp4 ? MOSTLY_MXFP4 : matrixType == GgmlType.BF16 ? MOSTLY_BF16 : MOSTLY_F16;
    }

    private HyperparameterWriter metadata(List<Hyperparameter> keys) {
        HyperparameterWriter writer = new HyperparameterWriter(architecture.name(), fileType(), blocks);
        keys.forEach(key -> key.write(config, writer));
        return writer;
    }
}
