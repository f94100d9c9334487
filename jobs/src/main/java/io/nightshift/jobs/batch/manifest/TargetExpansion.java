package io.nightshift.jobs.batch.manifest;

import io.nightshift.jobs.batch.manifest.Settings.Entry;
import io.nightshift.jobs.batch.manifest.Settings.Setting;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;

/**
 * The targets of a model, presets written out. A target that is named by itself takes the place of the same one in a
 * preset, so that it can have a gate of its own.
 */
final class TargetExpansion {
    private final Settings settings;
    private final boolean hasImportance;
    private final Map<String, TargetRequest> requests = new LinkedHashMap<>();
    private final List<String> notes = new ArrayList<>();

    /** @param hasImportance whether there is a matrix for GGUF files, or will be */
    TargetExpansion(Settings settings, boolean hasImportance) {
        this.settings = settings;
        this.hasImportance = hasImportance;
        List<Entry> entries = settings.targets().map(Settings.Targets::entries).orElse(List.of());
        entries.forEach(entry -> entry.preset().ifPresent(preset -> addAll(preset, entry)));
        entries.forEach(entry -> entry.target().ifPresent(
                target -> requests.put(target.text(), new TargetRequest(
                        target, true, target.predicts() ? gate(entry) : Gate.NONE, entry.line()))));
    }

    private void addAll(Preset preset, Entry entry) {
        for (String text : preset.targets()) {
            TargetName target = TargetName.parse(text);
            if (!preset.importance() && target.needsImportance() && !hasImportance) {
                notes.add(target + " of " + preset.word() + " is left out: it cannot be made without an importance matrix");
            } else {
                boolean importance = preset.importance() || target.needsImportance();
                TargetRequest request = new TargetRequest(target, importance, gate(entry), entry.line());
                TargetRequest before = requests.putIfAbsent(text, request);
                if (before != null && before.importance() != importance) {
                    notes.add(target + " is made with the importance matrix, as " + Preset.GGUF_IMATRIX.word() + " has it");
                    requests.put(text, before.importance() ? before : request);
                }
            }
        }
    }

    private Gate gate(Entry entry) {
        Map<ManifestKey, Setting> given = new EnumMap<>(ManifestKey.class);
        settings.given().forEach((key, setting) -> {
            if (ManifestKey.GATE.contains(key)) {
                given.put(key, setting);
            }
        });
        given.putAll(entry.gate());
        return new Gate(
                number(given, ManifestKey.MAX_KLD),
                number(given, ManifestKey.MAX_PPL_INCREASE),
                given.containsKey(ManifestKey.WITHHOLD) && given.get(ManifestKey.WITHHOLD).value().equals("true"));
    }

    private static OptionalDouble number(Map<ManifestKey, Setting> given, ManifestKey key) {
        return given.containsKey(key)
                ? OptionalDouble.of(Double.parseDouble(given.get(key).value()))
                : OptionalDouble.empty();
    }

    /** The requests, in the order of the manifest, each target once. */
    List<TargetRequest> requests() {
        return List.copyOf(requests.values());
    }

    /** What was decided without being asked. */
    List<String> notes() {
        return notes;
    }
}
