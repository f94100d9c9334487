package io.nightshift.jobs.batch.manifest;

import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What one table of a manifest says: the defaults, or an entry of models.
 *
 * @param given keys with their values
 * @param targets if the table names them
 */
record Settings(Map<ManifestKey, Setting> given, Optional<Targets> targets) {
    /** Nothing said. */
    static final Settings NONE = new Settings(Map.of(), Optional.empty());

    /**
     * A key's value.
     *
     * @param line where it stands
     * @param path to it, for messages
     * @param values one, or several where the key takes a list
     */
    record Setting(int line, String path, List<String> values) {
        String value() {
            return values.get(0);
        }
    }

    /** The targets of a table. */
    record Targets(int line, String path, List<Entry> entries) {}

    /**
     * An entry of targets.
     *
     * @param preset its preset, or
     * @param target its target
     * @param gate the keys of a gate beside it
     */
    record Entry(int line, String path, Optional<Preset> preset, Optional<TargetName> target,
            Map<ManifestKey, Setting> gate) {}

    /** A key's values; none where it was not given. */
    List<String> values(ManifestKey key) {
        return given.containsKey(key) ? given.get(key).values() : List.of();
    }

    /** These settings over some defaults: a source of statistics replaces the defaults' and all that belongs to it. */
    Settings over(Settings defaults) {
        Map<ManifestKey, Setting> merged = new EnumMap<>(ManifestKey.class);
        merged.putAll(defaults.given);
        if (given.keySet().stream().anyMatch(ManifestKey.SOURCES::contains)) {
            merged.keySet().removeAll(ManifestKey.SOURCES);
        }
        merged.putAll(given);
        return new Settings(merged, targets.or(() -> defaults.targets));
    }
}
