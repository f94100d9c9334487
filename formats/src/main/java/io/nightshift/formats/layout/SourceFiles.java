package io.nightshift.formats.layout;

import io.nightshift.formats.storage.ModelFolder;
import io.nightshift.formats.storage.StoredFile;
import java.io.IOException;
import java.util.List;
import java.util.regex.Pattern;

/** Which files of a checkpoint's folder belong into a quantized one. */
public final class SourceFiles {
    /**
     * Weights in any format, with their indexes and parameters, the configuration that is written anew, and hidden
     * files.
     */
    private static final Pattern NOT_COPIED = Pattern.compile(
            "\\..*|config\\.json|.*\\.index\\.json|consolidated.*|params\\.json"
                    + "|.*\\.(safetensors|bin|pth|pt|ckpt|gguf|h5|msgpack|onnx|tflite|npz|crdownload|incomplete|tmp)");

    private SourceFiles() {}

    /** The tokenizer's files, generation settings, chat templates, licences and whatever else is no weights. */
    public static List<StoredFile> copied(ModelFolder folder) throws IOException {
        return folder.list().stream().filter(file -> !NOT_COPIED.matcher(file.name()).matches()).toList();
    }
}
