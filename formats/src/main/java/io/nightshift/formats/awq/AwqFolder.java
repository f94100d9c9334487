package io.nightshift.formats.awq;

import com.fasterxml.jackson.databind.JsonNode;
import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.checkpoint.Checkpoint;
import io.nightshift.formats.safetensors.SafetensorsLayout;
import io.nightshift.formats.safetensors.SafetensorsTensor;
import io.nightshift.formats.safetensors.SafetensorsType;
import io.nightshift.formats.safetensors.TensorSpec;
import io.nightshift.formats.storage.JsonFile;
import io.nightshift.formats.storage.ModelFolder;
import io.nightshift.formats.weights.QuantizedFormats;
import java.io.IOException;
import java.util.Collections;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * A folder of four-bit linear layers in either format, made here or by AutoAWQ or llm-compressor. Opening it reads
 * {@code config.json}, the index and the headers, and checks them against each other; weights are not touched.
 */
public final class AwqFolder {
    /** What AutoAWQ takes where a configuration does not say it (models/_config.py). */
    private static final int DEFAULT_GROUP_SIZE = 128;

    private final ModelFolder folder;
    private final AwqFormat format;
    private final JsonNode configuration;
    private final Map<String, AwqLinear> linears = new LinkedHashMap<>();
    private final Map<String, SafetensorsTensor> tensors = new LinkedHashMap<>();

    private AwqFolder(ModelFolder folder, AwqFormat format, JsonNode configuration, List<SafetensorsTensor> all) {
        this.folder = folder;
        this.format = format;
        this.configuration = configuration;
        all.forEach(tensor -> tensors.put(tensor.name(), tensor));
    }

    /**
     * The format that a configuration declares, or nothing if it declares none of the two.
     *
     * @param config the content of a {@code config.json}
     */
    public static Optional<AwqFormat> format(JsonNode config) {
        JsonNode declared = QuantizedFormats.declared(config);
        return switch (declared.path("quant_method").asText("")) {
            case "awq" -> Optional.of(AwqFormat.GEMM);
            // A checkpoint in FP8 is a source of weights.
            case "compressed-tensors" -> declared.path("format").asText("").equals("float-quantized")
                    ? Optional.empty()
                    : Optional.of(AwqFormat.COMPRESSED_TENSORS);
            default -> Optional.empty();
        };
    }

    /**
     * Opens a folder.
     *
     * @throws InvalidModelException if it is of neither format, of a variant that cannot be read, or a tensor is
     *     missing or of another shape than its layer has; the message names it
     * @throws IOException if it cannot be read
     */
    public static AwqFolder open(ModelFolder folder) throws IOException {
        JsonNode config = JsonFile.read(folder, "config.json").orElseThrow(() -> new InvalidModelException(
                folder.location() + ": has no config.json. It is written last: was the quantization broken off?"));
        AwqFormat format = format(config).orElseThrow(() -> new InvalidModelException(folder.location()
                + "/config.json: has no \"quantization_config\" with a \"quant_method\" of awq or compressed-tensors"));
        JsonNode configuration = QuantizedFormats.declared(config);
        AwqFolder opened = new AwqFolder(folder, format, configuration, Checkpoint.readTensors(folder));
        if (format == AwqFormat.GEMM) {
            opened.requireGemm();
        } else {
            opened.requirePacked();
        }
        opened.collect();
        return opened;
    }

    private void requireGemm() {
        String version = configuration.path("version").asText("gemm");
        int bits = configuration.path(configuration.has("bits") ? "bits" : "w_bit").asInt(4);
        if (!version.equalsIgnoreCase("gemm") || bits != 4) {
            throw unreadable(
                    "is AWQ of version " + version + " with " + bits + " bits, but only gemm with 4 can be read");
        }
    }

    private void requirePacked() {
        for (JsonNode group : configuration.path("config_groups")) {
            JsonNode weights = group.path("weights");
            String layout = group.hasNonNull("format") ? group.get("format").asText()
                    : configuration.path("format").asText("");
            if (weights.path("num_bits").asInt() != 4 || !weights.path("type").asText().equals("int")
                    || !layout.equals("pack-quantized")) {
                throw unreadable("holds weights of " + weights.path("num_bits").asText("?") + " bits of type "
                        + weights.path("type").asText("?") + " in the format " + layout
                        + ", but only pack-quantized integers of 4 bits can be read");
            }
        }
    }

    private InvalidModelException unreadable(String why) {
        return new InvalidModelException(folder.location() + "/config.json: " + why);
    }

    /**
     * Checks that everything that was planned is there, where it was planned to be, and nothing else.
     *
     * @throws InvalidModelException if a tensor is missing, superfluous or elsewhere; the message names it
     */
    public void requirePlanned(AwqPlan plan) {
        int planned = 0;
        for (SafetensorsLayout shard : plan.shards()) {
            for (SafetensorsTensor tensor : shard.tensors()) {
                planned++;
                if (!tensor.equals(tensors.get(tensor.name()))) {
                    throw new InvalidModelException(folder.location() + ": planned was " + tensor + ", but there is "
                            + tensors.get(tensor.name()));
                }
            }
        }
        if (planned != tensors.size()) {
            throw new InvalidModelException(
                    folder.location() + ": has " + tensors.size() + " tensors instead of " + planned);
        }
    }

    /** The numbers of inputs a group that the configuration declares; {@value AwqOptions#WHOLE_ROWS} for whole rows. */
    private Set<Integer> declaredGroupSizes() {
        Set<Integer> sizes = new TreeSet<>();
        if (format == AwqFormat.GEMM) {
            JsonNode size = configuration.path(configuration.has("group_size") ? "group_size" : "q_group_size");
            sizes.add(size.isMissingNode() ? DEFAULT_GROUP_SIZE : groupSize(size));
        } else {
            for (JsonNode group : configuration.path("config_groups")) {
                sizes.add(groupSize(group.path("weights").path("group_size")));
            }
        }
        return sizes;
    }

    private int groupSize(JsonNode size) {
        if (size.isMissingNode() || size.isNull()) {
            return AwqOptions.WHOLE_ROWS;
        }
        if (!size.isInt() || size.intValue() < 1 && size.intValue() != AwqOptions.WHOLE_ROWS) {
            throw unreadable("\"group_size\" is " + size + ", but must be 1 or more, or " + AwqOptions.WHOLE_ROWS
                    + " for whole rows");
        }
        return size.intValue();
    }

    private void requireDeclared(AwqLinear linear, Set<Integer> declared) {
        if (!declared.contains(linear.groupSize())
                && !(linear.groups() == 1 && declared.contains(AwqOptions.WHOLE_ROWS))) {
            throw unreadable("\"group_size\" is "
                    + declared.stream().map(String::valueOf).collect(Collectors.joining(" or "))
                    + ", but " + linear.module() + " has scales for groups of " + linear.groupSize() + " inputs");
        }
    }

    private void collect() {
        Set<Integer> declared = declaredGroupSizes();
        AwqTensor values = format == AwqFormat.GEMM ? AwqTensor.QWEIGHT : AwqTensor.WEIGHT_PACKED;
        String suffix = values.name("");
        for (SafetensorsTensor tensor : tensors.values()) {
            if (tensor.name().endsWith(suffix)) {
                String module = tensor.name().substring(0, tensor.name().length() - suffix.length());
                AwqLinear linear = linear(module);
                requireDeclared(linear, declared);
                linears.put(module, linear);
            }
        }
        if (linears.isEmpty()) {
            throw new InvalidModelException(
                    folder.location() + ": config.json says that it is quantized, but no tensor ends with " + suffix);
        }
    }

    private AwqLinear linear(String module) {
        if (tensors.containsKey(module + ".weight_g_idx")) {
            throw new InvalidModelException(folder.location() + ": tensor " + module
                    + ".weight_g_idx: layers with reordered inputs cannot be read");
        }
        boolean zeros = tensors.containsKey(AwqTensor.WEIGHT_ZERO_POINT.name(module));
        Map<AwqTensor, SafetensorsTensor> found = new EnumMap<>(AwqTensor.class);
        for (AwqTensor kind : AwqTensor.of(format, !zeros)) {
            SafetensorsTensor tensor = tensors.get(kind.name(module));
            if (tensor == null) {
                throw new InvalidModelException(folder.location() + ": tensor " + kind.name(module)
                        + " is missing, without which its layer cannot be read");
            }
            found.put(kind, tensor);
        }
        boolean gemm = format == AwqFormat.GEMM;
        SafetensorsTensor values = found.get(gemm ? AwqTensor.QWEIGHT : AwqTensor.WEIGHT_PACKED);
        SafetensorsTensor scales = found.get(gemm ? AwqTensor.SCALES : AwqTensor.WEIGHT_SCALE);
        requireType(scales, scales.type().isFloat(), "BF16, F16 or F32");
        long outputs = gemm ? 8 * values.columns() : values.rows();
        long inputs = gemm ? values.rows() : 8 * values.columns();
        long groups = gemm ? scales.rows() : scales.columns();
        if (outputs < 8 || outputs % 8 != 0 || groups < 1 || inputs % groups != 0 || outputs * inputs > 1L << 31) {
            throw new InvalidModelException(folder.location() + ": " + module + " has " + outputs + " outputs, "
                    + inputs + " inputs and " + groups + " groups: that is no layer of whole words and groups");
        }
        found.forEach((kind, tensor) -> {
            TensorSpec expected = kind.spec(module, outputs, inputs, groups, scales.type());
            boolean type = tensor.type() == expected.type()
                    || kind == AwqTensor.WEIGHT_SHAPE && tensor.type() == SafetensorsType.I32;
            requireType(tensor, type, expected.type().name());
            if (!tensor.shape().equals(expected.shape())) {
                throw new InvalidModelException(folder.location() + "/" + tensor.file() + ": tensor " + tensor.name()
                        + " is of shape " + tensor.shape() + ", but for " + outputs + " outputs, " + inputs
                        + " inputs and " + groups + " groups it must be " + expected.shape());
            }
        });
        return new AwqLinear(module, (int) outputs, (int) inputs, (int) (inputs / groups), Map.copyOf(found));
    }

    private void requireType(SafetensorsTensor tensor, boolean right, String wanted) {
        if (!right) {
            throw new InvalidModelException(folder.location() + "/" + tensor.file() + ": tensor " + tensor.name()
                    + " is of type " + tensor.type() + ", but must be " + wanted);
        }
    }

    /** Where it lies. */
    public ModelFolder folder() {
        return folder;
    }

    /** How it is laid out. */
    public AwqFormat format() {
        return format;
    }

    /** The {@code quantization_config}, for those of its settings that this class has no method for. */
    public JsonNode configuration() {
        return configuration;
    }

    /** All tensors by their names, in the order of the files, then of the names. */
    public Map<String, SafetensorsTensor> tensors() {
        return Collections.unmodifiableMap(tensors);
    }

    /** The quantized linear layers, in the order of the files, then of the names. */
    public List<AwqLinear> linears() {
        return List.copyOf(linears.values());
    }

    /** The quantized linear layer of that name, if it is quantized. */
    public Optional<AwqLinear> find(String module) {
        return Optional.ofNullable(linears.get(module));
    }
}
