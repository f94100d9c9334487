package io.nightshift.formats.weights;

import com.fasterxml.jackson.databind.JsonNode;
import io.nightshift.formats.storage.ModelFolder;
import java.io.IOException;

/**
 * A format of quantized models, as far as reading goes: what {@code inspect} shows and {@code evaluate} runs. It is
 * registered by its name in {@code META-INF/services/io.nightshift.formats.weights.QuantizedFormat}, and has a public
 * constructor without parameters. Implementations are safe for use by several threads.
 *
 * <p>A model is one file, known by its name, or a folder with a {@code config.json}.
 */
public interface QuantizedFormat {
    /**
     * Whether a file is a whole model of this format. It need not exist.
     *
     * @param path its name, or a path that ends with it
     */
    default boolean isFile(String path) {
        return false;
    }

    /**
     * Whether a folder is a model of this format.
     *
     * @param config the content of its {@code config.json}
     * @throws IOException if that cannot be found out
     */
    default boolean isFolder(ModelFolder folder, JsonNode config) throws IOException {
        return false;
    }

    /**
     * Opens a model and checks its structure; weights are not read.
     *
     * @param folder the model, or where its file is
     * @param file name of the file; empty for a folder
     * @throws io.nightshift.formats.InvalidModelException if it is not there, damaged, or a variant that cannot be
     *     read; the message names it
     * @throws IOException if it cannot be read
     */
    QuantizedModel open(ModelFolder folder, String file) throws IOException;
}
