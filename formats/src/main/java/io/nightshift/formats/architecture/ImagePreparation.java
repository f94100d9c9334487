package io.nightshift.formats.architecture;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.storage.JsonFile;
import io.nightshift.formats.storage.ModelFolder;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/**
 * How images are prepared for a vision tower: {@code preprocessor_config.json} and {@code processor_config.json}, the second
 * one before the first, and what either nests before what stands at its root (conversion/base.py, MmprojModel.__init__).
 */
final class ImagePreparation {
    /** What stands before the keys, so that they are told from those of the tower. */
    static final String PREFIX = "image.";

    private record Source(String file, String nested) {}

    private static final List<Source> SOURCES = List.of(
            new Source("preprocessor_config.json", "media_proc_cfg"),
            new Source("processor_config.json", "image_processor"));

    private ImagePreparation() {}

    /**
     * All keys, as {@code image.KEY}.
     *
     * @throws InvalidModelException if a file is not a JSON object, or mean and standard deviation of colours are in neither
     * @throws IOException if a file cannot be read
     */
    static ObjectNode read(ModelFolder folder) throws IOException {
        ObjectNode all = JsonNodeFactory.instance.objectNode();
        for (Source source : SOURCES) {
            Optional<JsonNode> found = JsonFile.read(folder, source.file());
            if (found.isPresent()) {
                addTo(all, found.get());
                addTo(all, found.get().path(source.nested()));
            }
        }
        for (String key : List.of("image_mean", "image_std")) {
            JsonNode colours = all.path(PREFIX + key);
            boolean numbers = colours.isArray() && colours.size() == 3;
            for (JsonNode colour : colours) {
                // Whole numbers would be written as such, and loaders look for floats.
                numbers &= colour.isFloatingPointNumber() && Float.isFinite(colour.floatValue());
            }
            if (!numbers) {
                throw new InvalidModelException(folder.location() + ": \"" + key + "\" must be three numbers such as 0.5 in"
                        + " preprocessor_config.json or processor_config.json, but " + (colours.isMissingNode()
                                ? "neither has it. Fetch the checkpoint again" : "is " + colours));
            }
        }
        return all;
    }

    private static void addTo(ObjectNode all, JsonNode keys) {
        keys.properties().forEach(entry -> all.set(PREFIX + entry.getKey(), entry.getValue()));
    }
}
