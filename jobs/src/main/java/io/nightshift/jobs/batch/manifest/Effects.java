package io.nightshift.jobs.batch.manifest;

import io.nightshift.jobs.batch.manifest.TargetName.Format;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** What a key needs beside it to have an effect on a model: one that has none is refused, as the commands do. */
final class Effects {
    private static final Set<ManifestKey> OF_TEXTS = EnumSet.of(ManifestKey.SAMPLES,
            ManifestKey.SEQUENCE_LENGTH, ManifestKey.SHUFFLE, ManifestKey.PACKING);
    private static final Set<ManifestKey> OF_CALIBRATION = EnumSet.of(ManifestKey.MIN_EXPERT_TOKENS,
            ManifestKey.ROUTE_ALL_EXPERTS, ManifestKey.GROUPS);
    private static final Set<ManifestKey> OF_EVALUATION = EnumSet.of(ManifestKey.CONTEXT, ManifestKey.CHUNKS);
    private static final Set<ManifestKey> OF_GATES = EnumSet.of(ManifestKey.MAX_KLD, ManifestKey.MAX_PPL_INCREASE);
    private static final List<ManifestKey> STATISTICS =
            List.of(ManifestKey.CALIBRATION, ManifestKey.TOKENS, ManifestKey.STATS);

    private final Settings settings;
    private final boolean takeStatistics;
    private final Set<Format> formats = EnumSet.noneOf(Format.class);
    private final boolean sized;
    private final boolean typed;
    private final boolean predicts;

    /** @param settings of one model, with the defaults */
    Effects(Settings settings, List<TargetRequest> targets) {
        this.settings = settings;
        takeStatistics = targets.isEmpty() || targets.stream().anyMatch(TargetRequest::takesStatistics);
        targets.forEach(target -> formats.add(target.target().format()));
        predicts = targets.isEmpty() || targets.stream().anyMatch(target -> target.target().predicts());
        sized = targets.stream().anyMatch(target -> target.target().isSized());
        typed = targets.stream()
                .anyMatch(target -> target.target().format() == Format.GGUF && !target.target().isSized());
    }

    /** Whether there are statistics of the layers' inputs, or will be. */
    boolean hasStatistics() {
        return STATISTICS.stream().anyMatch(this::has);
    }

    /** Whether a GGUF file can have an importance matrix. */
    boolean hasImportance() {
        return hasStatistics() || has(ManifestKey.IMATRIX);
    }

    /** Whether an AWQ folder needs statistics: without scales and error feedback it does not. */
    boolean awqNeedsStatistics() {
        return !(settings.values(ManifestKey.SCALES).contains("none")
                && settings.values(ManifestKey.ROUNDING).contains("nearest"));
    }

    /** What is missing for a key to have an effect; empty if nothing is. */
    Optional<String> missing(ManifestKey key) {
        if (ManifestKey.OF_STATISTICS.contains(key) && !takeStatistics) {
            return Optional.of("a target that takes statistics");
        } else if ((key == ManifestKey.EVALUATION || OF_GATES.contains(key)) && !predicts) {
            return Optional.of("a target that predicts, which mmproj does not");
        } else if (key == ManifestKey.TEXT_COLUMN || key == ManifestKey.CHAT) {
            return without(has(ManifestKey.CALIBRATION) || has(ManifestKey.EVALUATION), "calibration or evaluation");
        } else if (OF_TEXTS.contains(key)) {
            return without(has(ManifestKey.CALIBRATION), "calibration");
        } else if (OF_CALIBRATION.contains(key)) {
            return without(has(ManifestKey.CALIBRATION) || has(ManifestKey.TOKENS), "calibration");
        } else if (OF_EVALUATION.contains(key)) {
            return without(has(ManifestKey.EVALUATION), "evaluation");
        } else if (key == ManifestKey.WITHHOLD) {
            return without(has(ManifestKey.MAX_KLD) || has(ManifestKey.MAX_PPL_INCREASE), "max-kld or max-ppl-increase");
        } else if (ManifestKey.OF_SIZED_GGUF.contains(key)) {
            return without(sized, "a gguf target of a given size");
        } else if (ManifestKey.OF_TYPED_GGUF.contains(key)) {
            return without(typed, formats.contains(Format.GGUF) ? "a gguf target of a type" : "a gguf target");
        } else if (ManifestKey.OF_GGUF.contains(key)) {
            boolean narrows = key == ManifestKey.INCLUDE_WEIGHTS || key == ManifestKey.EXCLUDE_WEIGHTS;
            return narrows && !hasImportance() ? Optional.of("calibration, stats or imatrix")
                    : without(formats.contains(Format.GGUF), "a gguf target");
        } else if (ManifestKey.OF_AWQ.contains(key)) {
            return without(formats.contains(Format.AWQ), "an awq target");
        } else if (ManifestKey.OF_EXL2.contains(key)) {
            return without(formats.contains(Format.EXL2), "an exl2 target");
        } else if (key == ManifestKey.MAX_SHARD_SIZE) {
            return without(formats.contains(Format.AWQ) || formats.contains(Format.EXL2), "an awq or exl2 target");
        } else if (key == ManifestKey.AWQ_GRID) {
            return without(isOn(ManifestKey.SCALES, "awq", "none"), "scales: awq");
        } else if (key == ManifestKey.DAMPING || key == ManifestKey.PROPAGATE) {
            return without(isOn(ManifestKey.ROUNDING, "gptq", "nearest"), "rounding: gptq");
        }
        return Optional.empty();
    }

    /** A gate needs more than an effect: without evaluation nobody could tell whether it was kept. */
    boolean isGateWithoutEvaluation(ManifestKey key) {
        return OF_GATES.contains(key) && !has(ManifestKey.EVALUATION);
    }

    /** The default of both is on for AWQ and EXL2, and off for GGUF. */
    private boolean isOn(ManifestKey key, String on, String off) {
        List<String> values = settings.values(key);
        return values.contains(on) || (formats.contains(Format.AWQ) || formats.contains(Format.EXL2)) && !values.contains(off);
    }

    private boolean has(ManifestKey key) {
        return settings.given().containsKey(key);
    }

    private static Optional<String> without(boolean there, String what) {
        return there ? Optional.empty() : Optional.of(what);
    }
}
