package io.nightshift.jobs.batch.manifest;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.jobs.batch.manifest.ManifestKey.Place;
import io.nightshift.jobs.batch.manifest.Settings.Entry;
import io.nightshift.jobs.batch.manifest.Settings.Setting;
import io.nightshift.jobs.batch.manifest.Settings.Targets;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Reads the tables of a manifest, each key by its kind. */
final class SettingsReader {
    private final Problems problems;
    private final ValueReader values;

    SettingsReader(Problems problems) {
        this.problems = problems;
        values = new ValueReader(problems);
    }

    /**
     * A table's settings.
     *
     * @param path to the table, empty for the root
     * @param places whose keys may stand in it
     */
    Settings read(Part.Table table, String path, Place... places) {
        Set<ManifestKey> allowed = ManifestKey.in(places);
        Map<ManifestKey, Setting> given = new EnumMap<>(ManifestKey.class);
        Targets targets = null;
        for (Map.Entry<String, Part.Field> field : table.fields().entrySet()) {
            String word = field.getKey();
            String at = path.isEmpty() ? word : path + "." + word;
            Optional<ManifestKey> key = ManifestKey.of(word).filter(allowed::contains);
            if (key.isEmpty()) {
                problems.add(field.getValue().line(), at, unknown(word, allowed));
            } else if (key.get() == ManifestKey.TARGETS) {
                targets = targets(field.getValue().value(), at);
            } else if (!(key.get().kind() instanceof ValueKind.Structure)) {
                List<String> read = values.read(key.get(), field.getValue().value(), at);
                if (!read.isEmpty()) {
                    given.put(key.get(), new Setting(field.getValue().line(), at, read));
                }
            }
        }
        return new Settings(given, Optional.ofNullable(targets));
    }

    private static String unknown(String word, Set<ManifestKey> allowed) {
        Optional<ManifestKey> elsewhere = ManifestKey.of(word);
        return elsewhere.isPresent()
                ? "does not stand here; it belongs " + elsewhere.get().place().words()
                : "is no key" + Suggestion.sentence(word, allowed.stream().map(ManifestKey::word).toList());
    }

    private Targets targets(Part part, String path) {
        List<Part> parts = part instanceof Part.Items items ? items.parts() : List.of(part);
        if (parts.isEmpty()) {
            problems.add(part.line(), path, "is an empty list; name targets such as gguf:Q4_K_M, or a preset such as "
                    + Preset.SWEET_SPOT.word());
        }
        List<Entry> entries = new ArrayList<>();
        Map<String, Integer> lines = new HashMap<>();
        for (int i = 0; i < parts.size(); i++) {
            String at = part instanceof Part.Items ? path + "[" + i + "]" : path;
            Optional<Entry> entry = entry(parts.get(i), at);
            if (entry.isPresent()) {
                String what = entry.get().target().map(TargetName::text)
                        .orElseGet(() -> entry.get().preset().orElseThrow().word());
                Integer before = lines.putIfAbsent(what, parts.get(i).line());
                if (before != null) {
                    problems.add(parts.get(i).line(), at, what + " stands there twice, first in line " + before
                            + "; remove one");
                }
                entries.add(entry.get());
            }
        }
        return new Targets(part.line(), path, entries);
    }

    private Optional<Entry> entry(Part part, String path) {
        if (part instanceof Part.Table table) {
            Settings settings = readEntry(table, path);
            Setting target = settings.given().get(ManifestKey.TARGET);
            if (target == null) {
                if (!table.fields().containsKey(ManifestKey.TARGET.word())) {
                    problems.add(table.line(), path, "names no target; write it as target: gguf:Q4_K_M");
                }
                return Optional.empty();
            }
            Map<ManifestKey, Setting> gate = new EnumMap<>(ManifestKey.class);
            gate.putAll(settings.given());
            gate.remove(ManifestKey.TARGET);
            return entry(table.line(), path, target.value(), gate);
        }
        List<String> text = values.read(ManifestKey.TARGET, part, path);
        return text.isEmpty() ? Optional.empty() : entry(part.line(), path, text.get(0), Map.of());
    }

    /** A table of a target: of the shared keys, it may have those of the gate. */
    private Settings readEntry(Part.Table table, String path) {
        Map<String, Part.Field> usable = new java.util.LinkedHashMap<>(table.fields());
        table.fields().forEach((word, field) -> {
            Optional<ManifestKey> key = ManifestKey.of(word);
            if (key.isPresent() && key.get().place() == Place.SHARED && !ManifestKey.GATE.contains(key.get())) {
                problems.add(field.line(), path + "." + word, "does not stand beside a target; it belongs "
                        + Place.SHARED.words());
                usable.remove(word);
            }
        });
        return read(new Part.Table(table.line(), usable), path, Place.TARGET, Place.SHARED);
    }

    private Optional<Entry> entry(int line, String path, String text, Map<ManifestKey, Setting> gate) {
        Optional<Preset> preset = Preset.of(text);
        if (preset.isPresent()) {
            return Optional.of(new Entry(line, path, preset, Optional.empty(), gate));
        }
        try {
            return Optional.of(new Entry(line, path, Optional.empty(), Optional.of(TargetName.parse(text)), gate));
        } catch (InvalidModelException e) {
            problems.add(line, path, e.getMessage());
            return Optional.empty();
        }
    }
}
