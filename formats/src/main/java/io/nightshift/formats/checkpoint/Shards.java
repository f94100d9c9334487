package io.nightshift.formats.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.Printable;
import io.nightshift.formats.safetensors.SafetensorsHeader;
import io.nightshift.formats.safetensors.SafetensorsTensor;
import io.nightshift.formats.safetensors.ShardedLayout;
import io.nightshift.formats.storage.JsonFile;
import io.nightshift.formats.storage.ModelFolder;
import io.nightshift.formats.storage.StoredFile;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** The safetensors files of a checkpoint, by its index or by their names, and what their headers say. */
final class Shards {
    private static final Pattern NUMBERED = Pattern.compile("(model.*)-(\\d{5})-of-(\\d{5})\\.safetensors");
    private static final Pattern PICKLED = Pattern.compile(".*\\.(bin|pth|pt|ckpt)");

    private Shards() {}

    /** The tensors of all files, in the order of the files' names, then of their own. */
    static List<SafetensorsTensor> tensors(ModelFolder folder) throws IOException {
        Map<String, StoredFile> files = new TreeMap<>();
        folder.list().forEach(file -> files.put(file.name(), file));
        Optional<JsonNode> index = JsonFile.read(folder, ShardedLayout.INDEX);
        Map<String, String> fileOf = index.isPresent() ? weightMap(folder, index.get()) : Map.of();
        TreeSet<String> names = index.isPresent() ? new TreeSet<>(fileOf.values()) : unindexed(folder, files);

        List<SafetensorsTensor> tensors = new ArrayList<>();
        Map<String, SafetensorsTensor> byName = new HashMap<>();
        for (String name : names) {
            StoredFile file = files.get(name);
            if (file == null) {
                throw new InvalidModelException(folder.location() + ": the shard " + Printable.name(name)
                        + " is missing. Fetch the checkpoint again");
            }
            for (SafetensorsTensor tensor : SafetensorsHeader.read(folder, file)) {
                SafetensorsTensor other = byName.put(tensor.name(), tensor);
                if (other != null) {
                    throw new InvalidModelException(folder.location() + ": tensor "
                            + Printable.name(tensor.name()) + " is both in "
                            + other.file() + " and in " + name);
                }
                tensors.add(tensor);
            }
        }
        if (index.isPresent()) {
            compare(folder, fileOf, byName);
        }
        return List.copyOf(tensors);
    }

    private static Map<String, String> weightMap(ModelFolder folder, JsonNode index) {
        JsonNode weightMap = index.path("weight_map");
        if (!weightMap.isObject() || weightMap.isEmpty()) {
            throw new InvalidModelException(folder.location() + "/" + ShardedLayout.INDEX + ": has no \"weight_map\"");
        }
        Map<String, String> fileOf = new TreeMap<>();
        weightMap.properties().forEach(entry -> {
            if (!entry.getValue().isTextual()) {
                throw new InvalidModelException(folder.location() + "/" + ShardedLayout.INDEX + ": tensor "
                        + Printable.name(entry.getKey()) + " is mapped to "
                        + Printable.name(entry.getValue().toString()) + " instead of a file name");
            }
            fileOf.put(entry.getKey(), entry.getValue().asText());
        });
        return fileOf;
    }

    private static TreeSet<String> unindexed(ModelFolder folder, Map<String, StoredFile> files) throws IOException {
        TreeSet<String> names = files.keySet().stream()
                .filter(name -> name.startsWith("model") && name.endsWith(".safetensors"))
                .collect(Collectors.toCollection(TreeSet::new));
        if (names.isEmpty()) {
            if (files.containsKey("adapter_config.json")) {
                throw NoCheckpoint.adapter(folder);
            }
            Optional<String> pickled =
                    files.keySet().stream().filter(name -> PICKLED.matcher(name).matches()).findFirst();
            throw new InvalidModelException(folder.location() + ": has no model.safetensors and no " + ShardedLayout.INDEX
                    + pickled.map(name -> ". " + name + " is a PyTorch file: convert it to safetensors first, with"
                            + " save_pretrained of transformers").orElse(""));
        }
        // Without an index only the numbers in the names tell that a shard is missing.
        for (String name : List.copyOf(names)) {
            Matcher matcher = NUMBERED.matcher(name);
            if (matcher.matches()) {
                for (int i = 1; i <= Integer.parseInt(matcher.group(3)); i++) {
                    names.add("%s-%05d-of-%s.safetensors".formatted(matcher.group(1), i, matcher.group(3)));
                }
            }
        }
        return names;
    }

    private static void compare(
            ModelFolder folder, Map<String, String> fileOf, Map<String, SafetensorsTensor> byName) {
        fileOf.forEach((tensor, file) -> {
            SafetensorsTensor found = byName.get(tensor);
            if (found == null || !found.file().equals(file)) {
                throw new InvalidModelException(folder.location() + ": " + ShardedLayout.INDEX + " says that tensor "
                        + Printable.name(tensor) + " is in " + Printable.name(file) + ", but it is "
                        + (found == null ? "in no shard" : "in " + found.file()));
            }
        });
        byName.values().forEach(tensor -> {
            if (!fileOf.containsKey(tensor.name())) {
                throw new InvalidModelException(folder.location() + ": tensor " + Printable.name(tensor.name()) + " of "
                        + tensor.file()
                        + " is not in " + ShardedLayout.INDEX);
            }
        });
    }
}
