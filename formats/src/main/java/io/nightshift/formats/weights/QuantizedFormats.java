package io.nightshift.formats.weights;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.storage.JsonFile;
import io.nightshift.formats.storage.ModelFolder;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;

/** The registered formats of quantized models. Adding one is adding it to a service file, of any jar. */
public final class QuantizedFormats {
    private static final List<QuantizedFormat> REGISTERED =
            ServiceLoader.load(QuantizedFormat.class, QuantizedFormats.class.getClassLoader()).stream()
                    .map(ServiceLoader.Provider::get)
                    .toList();

    private QuantizedFormats() {}

    /** The format that the name of a file says, if it says one. */
    public static Optional<QuantizedFormat> ofFile(String path) {
        return REGISTERED.stream().filter(format -> format.isFile(path)).findFirst();
    }

    /**
     * The format of a folder, if it is of a registered one: a checkpoint that is not quantized is of none.
     *
     * @throws InvalidModelException if its {@code config.json} is not JSON
     * @throws IOException if it cannot be read
     */
    public static Optional<QuantizedFormat> ofFolder(ModelFolder folder) throws IOException {
        Optional<JsonNode> config = JsonFile.read(folder, "config.json");
        if (config.isPresent()) {
            for (QuantizedFormat format : REGISTERED) {
                if (format.isFolder(folder, config.get())) {
                    return Optional.of(format);
                }
            }
        }
        return Optional.empty();
    }

    /**
     * Opens what is quantized and checks its structure.
     *
     * @param file a file in the folder; empty for the folder itself
     * @return nothing for what is of no registered format
     * @throws InvalidModelException if it cannot be used; the message names it
     * @throws IOException if it cannot be read
     */
    public static Optional<QuantizedModel> open(ModelFolder folder, String file) throws IOException {
        Optional<QuantizedFormat> format = file.isEmpty() ? ofFolder(folder) : ofFile(file);
        return format.isEmpty() ? Optional.empty() : Optional.of(format.get().open(folder, file));
    }

    /**
     * What a {@code config.json} says about the quantization of its model, under one of the keys that loaders know.
     *
     * @return a missing node where it says nothing
     */
    public static JsonNode declared(JsonNode config) {
        return config.hasNonNull("quantization_config") ? config.get("quantization_config")
                : config.hasNonNull("compression_config") ? config.get("compression_config")
                : config.path("text_config").hasNonNull("quantization_config")
                        ? config.path("text_config").get("quantization_config")
                        : MissingNode.getInstance();
    }
}
