package io.nightshift.formats.layout;

import io.nightshift.formats.Printable;
import io.nightshift.formats.storage.ModelFolder;
import io.nightshift.formats.storage.StoredFile;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Which files of a checkpoint's folder belong into a quantized one. */
public final class SourceFiles {
    /**
     * Weights in any format, with their indexes and parameters, the configuration that is written anew, and hidden
     * files.
     */
    private static final Pattern NOT_COPIED = Pattern.compile(
            "\\..*|config\\.json|.*\\.index\\.json|consolidated.*|params\\.json"
                    + "|.*\\.(safetensors|bin|pth|pt|ckpt|gguf|h5|msgpack|onnx|tflite|npz|crdownload|incomplete|tmp)");

    /** The one subfolder that transformers reads. */
    private static final String TEMPLATES = "additional_chat_templates";

    private SourceFiles() {}

    /**
     * The tokenizer's files, generation settings, chat templates, licences and whatever else is no weights. The names of
     * a subfolder's files have the subfolder's before them.
     */
    public static List<StoredFile> copied(ModelFolder folder) throws IOException {
        List<StoredFile> copied = new ArrayList<>(
                folder.list().stream().filter(file -> !NOT_COPIED.matcher(file.name()).matches()).toList());
        Optional<ModelFolder> templates = folder.subfolder(TEMPLATES);
        if (templates.isPresent()) {
            for (StoredFile file : templates.get().list()) {
                if (file.name().endsWith(".jinja")) {
                    copied.add(new StoredFile(TEMPLATES + "/" + file.name(), file.length(), file.version()));
                }
            }
        }
        return List.copyOf(copied);
    }

    /** What is said of other subfolders. */
    public static List<String> warnings(ModelFolder folder) throws IOException {
        List<String> left = folder.subfolders().stream().filter(name -> !name.equals(TEMPLATES)).toList();
        return left.isEmpty() ? List.of() : List.of(folder.location() + ": what is in the subfolder"
                + (left.size() == 1 ? " " : "s ") + left.stream().map(Printable::name).collect(Collectors.joining(", "))
                + " is not copied into the output; of subfolders " + TEMPLATES + " is");
    }
}
