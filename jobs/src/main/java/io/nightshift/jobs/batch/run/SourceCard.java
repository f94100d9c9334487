package io.nightshift.jobs.batch.run;

import io.nightshift.formats.storage.ModelFolder;
import io.nightshift.jobs.batch.card.CardFacts;
import io.nightshift.jobs.batch.manifest.ManifestKey;
import io.nightshift.jobs.batch.manifest.ManifestModel;
import io.nightshift.jobs.storage.FolderReference;
import io.nightshift.jobs.storage.HadoopSettings;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.YAMLException;

/** What the original's own card says, in the front matter of its {@code README.md}; nothing where it has none. */
final class SourceCard {
    private static final String NAME = "README.md";
    private static final String RULE = "---";

    private SourceCard() {}

    static CardFacts facts(ManifestModel model, HadoopSettings settings) throws IOException {
        ModelFolder folder = FolderReference.find(model.location(), settings).open();
        Map<?, ?> front = folder.find(NAME).isPresent()
                ? frontMatter(new String(folder.read(NAME), StandardCharsets.UTF_8))
                : Map.of();
        List<String> calibration = new ArrayList<>();
        for (ManifestKey key : ManifestKey.SOURCES) {
            calibration.addAll(model.values(key));
        }
        return new CardFacts(folder.name(), text(front.get("license")), texts(front.get("language")),
                texts(front.get("tags")), text(front.get("pipeline_tag")), calibration,
                model.values(ManifestKey.EVALUATION));
    }

    private static Map<?, ?> frontMatter(String text) {
        int end = text.indexOf("\n" + RULE, RULE.length());
        if (!text.startsWith(RULE) || end < 0) {
            return Map.of();
        }
        try {
            Object read = new Yaml(new SafeConstructor(new LoaderOptions())).load(text.substring(RULE.length(), end));
            return read instanceof Map<?, ?> map ? map : Map.of();
        } catch (YAMLException e) {
            return Map.of(); // A card is for people; one that is no YAML ends no night.
        }
    }

    private static Optional<String> text(Object value) {
        return value instanceof String text && !text.isBlank() ? Optional.of(text) : Optional.empty();
    }

    private static List<String> texts(Object value) {
        return value instanceof List<?> list ? list.stream().map(String::valueOf).toList()
                : text(value).map(List::of).orElse(List.of());
    }
}
