package io.nightshift.formats.exl2;

import com.fasterxml.jackson.databind.JsonNode;
import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.safetensors.SafetensorsHeader;
import io.nightshift.formats.safetensors.SafetensorsTensor;
import io.nightshift.formats.safetensors.TensorSpec;
import io.nightshift.formats.storage.ModelFolder;
import io.nightshift.formats.storage.StoredFile;
import io.nightshift.formats.weights.QuantizedFormats;
import java.io.IOException;
import java.util.Collections;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A folder of EXL2 layers, made here or by ExLlamaV2, which takes all safetensors files of a folder, whatever their names.
 * Opening it reads the headers and checks each layer's tensors against each other; weights are not touched.
 */
public final class Exl2Folder {
    private final ModelFolder folder;
    private final Map<String, Exl2Linear> linears = new LinkedHashMap<>();
    private final Map<String, SafetensorsTensor> tensors = new LinkedHashMap<>();

    private Exl2Folder(ModelFolder folder) {
        this.folder = folder;
    }

    /** Whether a {@code config.json} declares this format. */
    public static boolean declaredBy(JsonNode config) {
        return QuantizedFormats.declared(config).path("quant_method").asText("").equals("exl2");
    }

    /**
     * Opens a folder.
     *
     * @throws InvalidModelException if it has no such layer, a tensor occurs twice, is missing or of another type or shape
     *     than its layer has; the message names it
     * @throws IOException if it cannot be read
     */
    public static Exl2Folder open(ModelFolder folder) throws IOException {
        Exl2Folder opened = new Exl2Folder(folder);
        for (StoredFile file : folder.list()) {
            if (file.name().endsWith(".safetensors")) {
                for (SafetensorsTensor tensor : SafetensorsHeader.read(folder, file)) {
                    SafetensorsTensor other = opened.tensors.put(tensor.name(), tensor);
                    if (other != null) {
                        throw new InvalidModelException(folder.location() + ": tensor " + tensor.name() + " is in "
                                + other.file() + " and in " + file.name() + ": remove the file of another model");
                    }
                }
            }
        }
        opened.collect();
        return opened;
    }

    private void collect() {
        String suffix = Exl2Tensor.Q_WEIGHT.name("");
        for (SafetensorsTensor tensor : tensors.values()) {
            if (tensor.name().endsWith(suffix)) {
                String module = tensor.name().substring(0, tensor.name().length() - suffix.length());
                linears.put(module, linear(module));
            }
        }
        if (linears.isEmpty()) {
            throw new InvalidModelException(folder.location() + ": no tensor ends with " + suffix
                    + ": this is no folder of ExLlamaV2");
        }
    }

    private Exl2Linear linear(String module) {
        Map<Exl2Tensor, SafetensorsTensor> found = new EnumMap<>(Exl2Tensor.class);
        for (Exl2Tensor kind : Exl2Tensor.values()) {
            SafetensorsTensor tensor = tensors.get(kind.name(module));
            if (tensor == null) {
                throw new InvalidModelException(folder.location() + ": tensor " + kind.name(module)
                        + " is missing, without which its layer cannot be read");
            }
            found.put(kind, tensor);
        }
        SafetensorsTensor values = found.get(Exl2Tensor.Q_WEIGHT);
        long inputs = found.get(Exl2Tensor.Q_INVPERM).elements();
        long groups = found.get(Exl2Tensor.Q_SCALE_MAX).elements();
        long outputs = values.columns();
        if (inputs < 1 || groups < 1 || outputs % 8 != 0 || outputs < 1 || inputs * outputs > 1L << 40) {
            throw new InvalidModelException(folder.location() + ": " + module + " has " + outputs + " outputs, " + inputs
                    + " inputs and " + groups + " groups: that is no layer");
        }
        found.forEach((kind, tensor) -> {
            TensorSpec expected = kind.spec(module, inputs, outputs, groups, values.rows());
            if (tensor.type() != expected.type() || !tensor.shape().equals(expected.shape())) {
                throw new InvalidModelException(folder.location() + "/" + tensor.file() + ": tensor " + tensor.name()
                        + " is of type " + tensor.type() + " and shape " + tensor.shape() + ", but for " + outputs
                        + " outputs, " + inputs + " inputs and " + groups + " groups it must be " + expected.type()
                        + " and " + expected.shape());
            }
        });
        return new Exl2Linear(module, Math.toIntExact(outputs), Math.toIntExact(inputs), Map.copyOf(found));
    }

    /** Where it lies. */
    public ModelFolder folder() {
        return folder;
    }

    /** All tensors by their names. */
    public Map<String, SafetensorsTensor> tensors() {
        return Collections.unmodifiableMap(tensors);
    }

    /** The quantized linear layers. */
    public List<Exl2Linear> linears() {
        return List.copyOf(linears.values());
    }

    /** The quantized linear layer of that name, if it is quantized. */
    public Optional<Exl2Linear> find(String module) {
        return Optional.ofNullable(linears.get(module));
    }
}
