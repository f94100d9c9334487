package io.nightshift.formats.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.Printable;
import io.nightshift.formats.storage.JsonFile;
import io.nightshift.formats.storage.ModelFolder;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Optional;

/** What a folder is that is given as a checkpoint and is none, and what to do then. */
final class NoCheckpoint {
    private static final String ADAPTER = "adapter_config.json";

    private NoCheckpoint() {}

    /** The refusal of a folder that has no {@code config.json}. */
    static InvalidModelException withoutConfiguration(ModelFolder folder) throws IOException {
        if (folder.find(ADAPTER).isPresent()) {
            return adapter(folder);
        }
        Optional<ModelFolder> snapshots = folder.subfolder("snapshots");
        if (snapshots.isPresent()) {
            return new InvalidModelException(folder.location() + ": is a repository of Hugging Face's cache and no"
                    + " checkpoint; give its snapshot, " + folder.location() + "/snapshots/"
                    + snapshot(folder, snapshots.get()).orElse("REVISION"));
        }
        return new InvalidModelException(
                folder.location() + ": has no config.json: a checkpoint as Hugging Face lays it out is wanted");
    }

    /** The refusal of a folder that holds an adapter and not a model. */
    static InvalidModelException adapter(ModelFolder folder) throws IOException {
        JsonNode adapter = JsonFile.read(folder, ADAPTER).orElseThrow();
        String type = adapter.path("peft_type").asText("");
        return new InvalidModelException(folder.location() + ": is " + (type.equalsIgnoreCase("LORA") ? "a LoRA adapter"
                : "an adapter") + " (" + ADAPTER + ") of "
                + Printable.name(adapter.path("base_model_name_or_path").asText("another model"))
                + " and no model: merge it into that model first (merge_and_unload of PEFT, then save_pretrained)");
    }

    /** The revision that the cache takes where none is named. */
    private static Optional<String> snapshot(ModelFolder folder, ModelFolder snapshots) throws IOException {
        Optional<ModelFolder> references = folder.subfolder("refs");
        if (references.isEmpty() || references.get().find("main").isEmpty()) {
            return Optional.empty();
        }
        String revision =
                new String(references.get().read("main"), StandardCharsets.US_ASCII).strip().toLowerCase(Locale.ROOT);
        return Optional.of(revision).filter(name -> name.matches("[0-9a-f]{7,64}"))
                .filter(name -> exists(snapshots, name));
    }

    private static boolean exists(ModelFolder folder, String name) {
        try {
            return folder.subfolder(name).isPresent();
        } catch (IOException e) {
            return false;
        }
    }
}
