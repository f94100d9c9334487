package io.nightshift.jobs.batch.manifest;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.jobs.batch.manifest.ManifestKey.Place;
import io.nightshift.jobs.batch.manifest.Settings.Setting;
import io.nightshift.jobs.storage.StorageException;
import io.nightshift.jobs.storage.StorageLocation;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Reads a manifest and checks it whole, before anything starts. */
public final class ManifestReader {
    private final Problems problems;
    private final SettingsReader settings;
    private final String file;

    private ManifestReader(String file) {
        this.file = file;
        problems = new Problems(file);
        settings = new SettingsReader(problems);
    }

    /**
     * Reads a manifest.
     *
     * @param file its location, for messages; JSON if it ends in {@code .json}, else YAML
     * @param text its content
     * @param files finds what it names
     * @throws InvalidManifestException with all that is wrong
     */
    public static Manifest read(String file, String text, ManifestFiles files) {
        return new ManifestReader(file).read(text, files);
    }

    private Manifest read(String text, ManifestFiles files) {
        Part root = file.endsWith(".json") ? JsonText.read(text, problems) : YamlText.read(text, problems);
        if (root == null) {
            if (problems.isEmpty()) {
                problems.add(1, "", "is empty; it needs output and models");
            }
            problems.throwIfAny();
        }
        if (!(root instanceof Part.Table table)) {
            problems.add(root.line(), "", "is " + root.noun() + ", but a table with output and models is wanted");
            problems.throwIfAny();
            throw new AssertionError();
        }
        Settings top = settings.read(table, "", Place.TOP);
        String output = output(top, table.line());
        Optional<Deadline> until = until(top);
        Settings defaults = defaults(table);
        List<ManifestModel> models = new ModelEntries(defaults, files, problems).models(entries(table));
        problems.throwIfAny();
        int atOnce = top.values(ManifestKey.MODELS_AT_ONCE).stream().findFirst().map(Integer::parseInt)
                .orElse(Manifest.DEFAULT_MODELS_AT_ONCE);
        return new Manifest(file, output, models, until, atOnce);
    }

    private String output(Settings top, int line) {
        Setting output = top.given().get(ManifestKey.OUTPUT);
        if (output == null) {
            problems.add(line, "", "output is missing; say where everything goes, as in output: s3a://quantized/2026-11-27");
            return "";
        }
        try {
            return StorageLocation.parse(output.value()).text();
        } catch (StorageException e) {
            problems.add(output.line(), output.path(), e.getMessage());
            return "";
        }
    }

    private Optional<Deadline> until(Settings top) {
        Setting until = top.given().get(ManifestKey.UNTIL);
        Setting zone = top.given().get(ManifestKey.TIME_ZONE);
        if (until == null) {
            if (zone != null) {
                problems.add(zone.line(), zone.path(), "has no effect without until");
            }
            return Optional.empty();
        }
        Setting wrong = until;
        try {
            Deadline.time(until.value());
            wrong = zone;
            return Optional.of(Deadline.parse(until.value(), zone == null ? ZoneId.systemDefault().getId() : zone.value()));
        } catch (InvalidModelException e) {
            problems.add(wrong.line(), wrong.path(), e.getMessage());
            return Optional.empty();
        }
    }

    private Settings defaults(Part.Table root) {
        Part.Field field = root.fields().get(ManifestKey.DEFAULTS.word());
        if (field == null) {
            return Settings.NONE;
        }
        if (!(field.value() instanceof Part.Table table)) {
            problems.add(field.line(), ManifestKey.DEFAULTS.word(), "is " + field.value().noun()
                    + ", but a table of keys is wanted");
            return Settings.NONE;
        }
        return settings.read(table, ManifestKey.DEFAULTS.word(), Place.SHARED);
    }

    private List<ModelEntries.Entry> entries(Part.Table root) {
        Part.Field field = root.fields().get(ManifestKey.MODELS.word());
        if (field == null) {
            problems.add(root.line(), "", "models is missing; list the checkpoints under it");
            return List.of();
        }
        if (!(field.value() instanceof Part.Items items)) {
            problems.add(field.line(), ManifestKey.MODELS.word(), "is " + field.value().noun()
                    + ", but a list is wanted: a hyphen before each model");
            return List.of();
        }
        if (items.parts().isEmpty()) {
            problems.add(field.line(), ManifestKey.MODELS.word(), "is an empty list; name a checkpoint");
        }
        List<ModelEntries.Entry> entries = new ArrayList<>();
        for (int i = 0; i < items.parts().size(); i++) {
            String path = ManifestKey.MODELS.word() + "[" + i + "]";
            Part part = items.parts().get(i);
            if (!(part instanceof Part.Table table)) {
                problems.add(part.line(), path, "is " + part.noun() + ", but a table is wanted; write - model: FOLDER");
                continue;
            }
            Settings read = settings.read(table, path, Place.MODEL, Place.SHARED);
            if (read.given().containsKey(ManifestKey.MODEL)) {
                entries.add(new ModelEntries.Entry(table.line(), path, read));
            } else if (!table.fields().containsKey(ManifestKey.MODEL.word())) {
                problems.add(table.line(), path, "names no checkpoint; write it as model: FOLDER");
            }
        }
        return entries;
    }
}
