package io.nightshift.jobs.batch.manifest;

import io.nightshift.jobs.batch.manifest.Settings.Setting;
import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/** Makes models of the entries of a manifest: finds the checkpoints, puts entries over the defaults, checks the sum. */
final class ModelEntries {
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._+-]*");
    private static final Set<String> RESERVED = Set.of("state", "runs", "result.json", "report.html");

    private final Settings defaults;
    private final ManifestFiles files;
    private final Problems problems;
    private final Set<ManifestKey> usedDefaults = new TreeSet<>();
    private final Map<String, List<String>> texts = new HashMap<>();

    ModelEntries(Settings defaults, ManifestFiles files, Problems problems) {
        this.defaults = defaults;
        this.files = files;
        this.problems = problems;
    }

    /** An entry of models, as it stands there. */
    record Entry(int line, String path, Settings settings) {}

    List<ManifestModel> models(List<Entry> entries) {
        Map<String, Entry> byFolder = new LinkedHashMap<>();
        // Folders that are named outright come first: they take the place of the same ones in a glob.
        Map<Entry, ManifestFiles.Checkpoints> found = new LinkedHashMap<>();
        entries.forEach(entry -> found.put(entry, checkpoints(entry)));
        found.forEach((entry, checkpoints) -> {
            if (!checkpoints.several()) {
                checkpoints.folders().forEach(folder -> claim(byFolder, folder, entry));
            }
        });
        Set<String> named = Set.copyOf(byFolder.keySet());
        found.forEach((entry, checkpoints) -> {
            if (checkpoints.several()) {
                checkpoints.folders().stream().filter(folder -> !named.contains(folder))
                        .forEach(folder -> claim(byFolder, folder, entry));
            }
        });
        List<ManifestModel> models = new ArrayList<>();
        found.forEach((entry, checkpoints) -> {
            List<String> own = checkpoints.folders().stream().filter(folder -> byFolder.get(folder) == entry).toList();
            if (own.size() > 1 && entry.settings().given().containsKey(ManifestKey.NAME)) {
                Setting name = entry.settings().given().get(ManifestKey.NAME);
                problems.add(name.line(), name.path(), "one name for " + own.size()
                        + " checkpoints; leave it out, or name a folder without a glob");
            } else {
                own.forEach(folder -> models.add(model(entry, folder)));
            }
        });
        refuseSameNames(models);
        refuseUnusedDefaults(entries);
        return models;
    }

    private void claim(Map<String, Entry> byFolder, String folder, Entry entry) {
        Entry before = byFolder.putIfAbsent(folder, entry);
        if (before != null) {
            problems.add(entry.line(), entry.path(), folder + " is asked for already in line " + before.line()
                    + "; give all of its targets in one entry");
        }
    }

    private ManifestFiles.Checkpoints checkpoints(Entry entry) {
        Setting model = entry.settings().given().get(ManifestKey.MODEL);
        try {
            ManifestFiles.Checkpoints found = files.checkpoints(model.value());
            if (found.folders().isEmpty()) {
                problems.add(model.line(), model.path(), found.several()
                        ? model.value() + " finds no checkpoint: no folder with a config.json matches or lies below a match"
                        : model.value() + " is no checkpoint: there is no config.json in it");
            }
            return found;
        } catch (IOException e) {
            problems.add(model.line(), model.path(), e.getMessage());
            return new ManifestFiles.Checkpoints(false, List.of());
        }
    }

    private ManifestModel model(Entry entry, String folder) {
        Settings settings = entry.settings().over(defaults);
        String name = settings.values(ManifestKey.NAME).stream().findFirst().orElse(lastPart(folder));
        if (!NAME.matcher(name).matches() || RESERVED.contains(name)) {
            problems.add(entry.line(), entry.path(), "'" + name + "' can be no folder's name in the output; give another"
                    + " with name: letters, digits, dots and hyphens");
        }
        TargetExpansion expansion = new TargetExpansion(settings, new Effects(settings, List.of()).hasImportance());
        List<TargetRequest> targets = expansion.requests();
        Effects effects = new Effects(settings, targets);
        if (settings.targets().isEmpty()) {
            problems.add(entry.line(), entry.path(), "has no targets, and the defaults have none; name some with targets:");
        }
        checkSources(entry, settings);
        Map<ManifestKey, List<String>> options = effective(entry, settings, effects);
        if (settings.targets().isPresent()) {
            checkTargets(settings, targets, effects);
        }
        checkTexts(entry, settings);
        int priority = settings.values(ManifestKey.PRIORITY).stream().findFirst().map(Integer::parseInt).orElse(0);
        return new ManifestModel(folder, name, priority, targets, options, expansion.notes(), entry.line());
    }

    private void checkSources(Entry entry, Settings settings) {
        List<Setting> sources = ManifestKey.SOURCES.stream().filter(settings.given()::containsKey)
                .map(settings.given()::get).toList();
        if (sources.size() > 1) {
            List<String> words = ManifestKey.SOURCES.stream().filter(settings.given()::containsKey)
                    .map(ManifestKey::word).toList();
            problems.add(sources.get(0).line(), entry.settings().given().containsValue(sources.get(0))
                    ? entry.path() : "defaults", String.join(" and ", words) + " exclude each other; keep one");
        }
    }

    /** The options that do something for this model; its own that do not are refused, defaults wait for another model. */
    private Map<ManifestKey, List<String>> effective(Entry entry, Settings settings, Effects effects) {
        Map<ManifestKey, List<String>> options = new EnumMap<>(ManifestKey.class);
        settings.given().forEach((key, setting) -> {
            boolean own = entry.settings().given().containsKey(key);
            if (effects.isGateWithoutEvaluation(key)) {
                refuseGate(setting);
            } else {
                Optional<String> missing = effects.missing(key);
                if (missing.isPresent() && own) {
                    problems.add(setting.line(), setting.path(), "has no effect without " + missing.get());
                } else if (missing.isEmpty()) {
                    if (!own) {
                        usedDefaults.add(key);
                    }
                    if (key.isOption()) {
                        options.put(key, setting.values());
                    }
                }
            }
        });
        return options;
    }

    private void refuseGate(Setting setting) {
        problems.add(setting.line(), setting.path(), "is a gate, and there is nothing to measure it by; give held-out texts"
                + " with evaluation:");
    }

    private void checkTargets(Settings settings, List<TargetRequest> targets, Effects effects) {
        for (Settings.Entry entry : settings.targets().orElseThrow().entries()) {
            boolean predicts = entry.target().map(TargetName::predicts).orElse(true);
            entry.gate().forEach((key, setting) -> {
                if (!predicts) {
                    problems.add(setting.line(), setting.path(), "has no effect on " + entry.target().get()
                            + ", which predicts nothing that could be measured");
                } else if (effects.isGateWithoutEvaluation(key)) {
                    refuseGate(setting);
                }
            });
            Setting withhold = entry.gate().get(ManifestKey.WITHHOLD);
            boolean gated = entry.gate().size() > 1
                    || effects.missing(ManifestKey.WITHHOLD).isEmpty();
            if (withhold != null && !gated) {
                problems.add(withhold.line(), withhold.path(), "has no effect without max-kld or max-ppl-increase");
            }
        }
        for (TargetRequest request : targets) {
            TargetName target = request.target();
            String path = settings.targets().orElseThrow().path();
            if (target.needsImportance() && !effects.hasImportance()) {
                problems.add(request.line(), path, target + " is garbage without an importance matrix; give calibration,"
                        + " stats or imatrix");
            }
            boolean needsStatistics = target.format() == TargetName.Format.EXL2 || target.isSized()
                    || target.format() == TargetName.Format.AWQ && effects.awqNeedsStatistics();
            if (needsStatistics && !effects.hasStatistics()) {
                problems.add(request.line(), path, target + " is made by statistics of the layers' inputs; give calibration"
                        + " or stats");
            }
        }
        boolean refined = settings.values(ManifestKey.SCALES).contains("awq")
                || settings.values(ManifestKey.ROUNDING).contains("gptq");
        if (refined && !effects.hasStatistics()) {
            Setting setting = settings.given().getOrDefault(
                    ManifestKey.SCALES, settings.given().get(ManifestKey.ROUNDING));
            problems.add(setting.line(), setting.path(), "needs statistics of the layers' inputs; give calibration or stats");
        }
    }

    /** Calibration on what is evaluated later would flatter every figure of the report. */
    private void checkTexts(Entry entry, Settings settings) {
        Set<String> calibration = texts(settings, ManifestKey.CALIBRATION);
        Set<String> evaluation = texts(settings, ManifestKey.EVALUATION);
        evaluation.stream().filter(calibration::contains).findFirst().ifPresent(file -> {
            Setting setting = settings.given().get(ManifestKey.EVALUATION);
            problems.add(setting.line(), setting.path(), file
                    + " is among the calibration's texts; evaluate on texts that the model was not calibrated on");
        });
    }

    private Set<String> texts(Settings settings, ManifestKey key) {
        Set<String> all = new TreeSet<>();
        for (String location : settings.values(key)) {
            Setting setting = settings.given().get(key);
            List<String> found = texts.computeIfAbsent(location, unknown -> find(location, setting));
            if (found.isEmpty()) {
                problems.add(setting.line(), setting.path(), location + " finds no file; give files, folders or globs of text,"
                        + " JSON lines or Parquet");
            }
            all.addAll(found);
        }
        return all;
    }

    private List<String> find(String location, Setting setting) {
        try {
            return files.texts(location);
        } catch (IOException e) {
            problems.add(setting.line(), setting.path(), e.getMessage());
            return List.of();
        }
    }

    private void refuseSameNames(List<ManifestModel> models) {
        Map<String, ManifestModel> byName = new HashMap<>();
        for (ManifestModel model : models) {
            ManifestModel before = byName.putIfAbsent(model.name(), model);
            if (before != null) {
                problems.add(model.line(), "models", model.location() + " and " + before.location()
                        + " would both be called '" + model.name() + "'; give one of them another name:");
            }
        }
    }

    private void refuseUnusedDefaults(List<Entry> entries) {
        boolean allFound = problems.isEmpty();
        defaults.given().forEach((key, setting) -> {
            boolean replaced = !entries.isEmpty()
                    && entries.stream().allMatch(entry -> entry.settings().given().containsKey(key));
            if (allFound && !usedDefaults.contains(key) && !replaced) {
                problems.add(setting.line(), setting.path(), "has no effect on any of the models; leave it out");
            }
        });
    }

    private static String lastPart(String folder) {
        return folder.substring(folder.lastIndexOf('/') + 1);
    }
}
