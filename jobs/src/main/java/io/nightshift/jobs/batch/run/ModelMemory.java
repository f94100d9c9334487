package io.nightshift.jobs.batch.run;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.nightshift.formats.Sha256;
import io.nightshift.formats.storage.StoredFile;
import io.nightshift.jobs.batch.files.NightFiles;
import io.nightshift.jobs.batch.manifest.ManifestKey;
import io.nightshift.jobs.batch.manifest.ManifestModel;
import java.io.IOException;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.TreeMap;

/**
 * What earlier runs measured of a model holds as long as checkpoint and options are the same. Beside the lease, in
 * {@code .nightshift/models}.
 */
final class ModelMemory {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final NightFiles files;
    private final String name;
    private final String settings;
    private final boolean holds;
    private OptionalDouble originalPerplexity = OptionalDouble.empty();

    private ModelMemory(NightFiles files, String name, String settings, Optional<JsonNode> stored) {
        this.files = files;
        this.name = name;
        this.settings = settings;
        holds = stored.map(json -> json.path("settings").asText().equals(settings)).orElse(false);
        if (holds && stored.get().has("original_perplexity")) {
            originalPerplexity = OptionalDouble.of(stored.get().get("original_perplexity").asDouble());
        }
    }

    /** @param source the checkpoint's files */
    static ModelMemory open(NightFiles files, ManifestModel model, List<StoredFile> source) throws IOException {
        String name = ".nightshift/models/" + model.name() + ".json";
        Optional<byte[]> content = files.read(name);
        return new ModelMemory(files, name, settings(model, source),
                content.isPresent() ? Optional.ofNullable(JSON.readTree(content.get())) : Optional.empty());
    }

    /** Cutting into parts and making again change no byte. */
    private static String settings(ManifestModel model, List<StoredFile> source) {
        Map<String, String> options = new TreeMap<>();
        model.options().forEach((key, values) -> options.put(key.word(), values.toString()));
        options.keySet().removeAll(List.of(ManifestKey.PART_SIZE.word(), ManifestKey.OVERWRITE.word()));
        List<String> listing = source.stream().sorted(Comparator.comparing(StoredFile::name)).map(Object::toString).toList();
        return new Sha256().add(model.location() + "\n" + options + "\n" + listing).hexadecimal();
    }

    /** Whether what was measured before was measured of the same. */
    boolean holds() {
        return holds;
    }

    OptionalDouble originalPerplexity() {
        return originalPerplexity;
    }

    void originalPerplexity(double measured) {
        originalPerplexity = OptionalDouble.of(measured);
    }

    void write() throws IOException {
        ObjectNode json = JSON.createObjectNode().put("settings", settings);
        originalPerplexity.ifPresent(value -> json.put("original_perplexity", value));
        files.write(name, JSON.writeValueAsBytes(json));
    }
}
