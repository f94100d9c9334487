package io.nightshift.jobs.batch.manifest;

import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * A checkpoint and what is to be made of it, defaults and globs worked out.
 *
 * @param location its folder
 * @param name the folder of its outputs
 * @param priority higher ones start first
 * @param targets what it becomes, at least one
 * @param options the options of the commands that it is made with; of a switch, {@code true} or {@code false}
 * @param notes what was decided without being asked, in sentences
 * @param line its entry in the manifest
 */
public record ManifestModel(
        String location,
        String name,
        int priority,
        List<TargetRequest> targets,
        Map<ManifestKey, List<String>> options,
        List<String> notes,
        int line) {
    public ManifestModel {
        targets = List.copyOf(targets);
        notes = List.copyOf(notes);
        Map<ManifestKey, List<String>> copy = new EnumMap<>(ManifestKey.class);
        copy.putAll(options);
        options = Collections.unmodifiableMap(copy);
    }

    /** The file, or folder, that a target becomes, within the night's output: named after the checkpoint's folder. */
    public String outputName(TargetRequest request) {
        return name + "/" + request.target().outputName(location.substring(location.lastIndexOf('/') + 1));
    }

    /** The values of an option; none where it was not given. */
    public List<String> values(ManifestKey key) {
        return options.getOrDefault(key, List.of());
    }

    /** Whether a switch is on. */
    public boolean isOn(ManifestKey key) {
        return values(key).equals(List.of("true"));
    }

    /** Whether its outputs are compared with the original. */
    public boolean isEvaluated() {
        return options.containsKey(ManifestKey.EVALUATION);
    }

    /**
     * Some of the options as a command line has them, so that a command's own options are read and checked in one place:
     * {@code --samples=128 --pure}. A comma in the name of a file is no place to cut it.
     *
     * @param keys those that the command knows
     */
    public List<String> arguments(Iterable<ManifestKey> keys) {
        List<String> arguments = new ArrayList<>();
        for (ManifestKey key : keys) {
            boolean locations = key == ManifestKey.CALIBRATION || key == ManifestKey.IMATRIX;
            for (String value : values(key)) {
                if (!(key.kind() instanceof ValueKind.Switch)) {
                    arguments.add("--" + key.word() + "=" + (locations ? value.replace(",", "\\,") : value));
                } else if (value.equals("true")) {
                    arguments.add("--" + key.word());
                }
            }
        }
        return arguments;
    }
}
