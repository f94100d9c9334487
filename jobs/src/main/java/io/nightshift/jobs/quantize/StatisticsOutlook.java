package io.nightshift.jobs.quantize;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.statistics.CalibrationManifest;
import io.nightshift.formats.statistics.StatisticsKind;
import io.nightshift.jobs.calibration.CalibrateRequest;
import io.nightshift.jobs.calibration.CalibrationInput;
import io.nightshift.jobs.calibration.CalibrationOptions;
import io.nightshift.jobs.rounding.StatisticsReference;
import io.nightshift.jobs.storage.FolderReference;
import io.nightshift.jobs.storage.HadoopSettings;
import io.nightshift.jobs.storage.StorageLocation;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/** What is known of statistics before the model is run, and what has to be run. */
final class StatisticsOutlook {
    private static final int DIGEST_LENGTH = 64;

    private StatisticsOutlook() {}

    /**
     * The statistics of a request, if it has some.
     *
     * @throws InvalidModelException if a folder holds none
     * @throws IOException if it cannot be read
     */
    static Optional<InputStatistics> of(QuantizeRequest request, Model model, HadoopSettings settings) throws IOException {
        if (request.statistics() instanceof StatisticsSource.Folder stored) {
            return Optional.of(made(stored.folder(), "--stats", settings));
        }
        if (request.statistics() instanceof StatisticsSource.Calibration calibration) {
            return Optional.of(new InputStatistics(folder(request, model), expected(model, calibration.options()),
                    Optional.empty(), calibration.option()));
        }
        return Optional.empty();
    }

    /** The statistics of a folder. */
    static InputStatistics made(String folder, String option, HadoopSettings settings) throws IOException {
        StatisticsReference reference = new StatisticsReference(FolderReference.find(folder, settings));
        return new InputStatistics(folder, reference.manifest(), Optional.of(reference), option);
    }

    /** Beside the outputs, where a later command finds them. */
    private static String folder(QuantizeRequest request, Model model) {
        return request.output().replaceAll("/+$", "") + "/" + model.name() + "-calibration";
    }

    /** A manifest with values of the right length where they hang on the texts. */
    private static CalibrationManifest expected(Model model, CalibrationOptions options) {
        String digest = "0".repeat(DIGEST_LENGTH);
        CalibrationInput.Texts texts = options.input() instanceof CalibrationInput.Texts found ? found : null;
        return new CalibrationManifest(
                CalibrationManifest.FORMAT,
                CalibrationManifest.VERSION,
                model.name(),
                digest,
                texts == null ? List.of() : texts.data().locations().stream().map(StatisticsOutlook::name).toList(),
                digest,
                digest,
                texts == null ? "" : texts.packingName(),
                1,
                texts == null ? 1 : texts.sequenceLength(),
                1,
                StatisticsKind.GRAM,
                1,
                options.routeAllExperts(),
                options.minExpertTokens(),
                digest,
                List.of());
    }

    private static String name(String location) {
        return location.substring(location.lastIndexOf('/') + 1);
    }

    /** What the model is run for: as much as the most demanding target needs. */
    static CalibrateRequest request(QuantizeRequest request, Model model, List<CheckedTarget> targets,
            StatisticsSource.Calibration calibration) {
        boolean gram = targets.stream().anyMatch(target -> target.plan().needs() == TargetPlan.Needs.GRAM);
        CalibrationOptions given = calibration.options();
        CalibrationOptions options = new CalibrationOptions(given.input(), given.groups(),
                gram ? StatisticsKind.GRAM : StatisticsKind.IMATRIX, given.minExpertTokens(), given.routeAllExperts());
        return new CalibrateRequest(request.model(), folder(request, model), Optional.empty(), options,
                request.preTokenizer(), false);
    }

    /** @throws InvalidModelException if there are statistics that no target has a use for, or they lack what one needs */
    static void refuseWithoutEffect(List<CheckedTarget> targets, Optional<InputStatistics> statistics) {
        if (statistics.isEmpty()) {
            return;
        }
        if (targets.stream().allMatch(target -> target.plan().needs() == TargetPlan.Needs.NOTHING)) {
            throw new InvalidModelException(
                    statistics.get().option() + " has no effect with --scales none --rounding nearest on these targets");
        }
        boolean gram = targets.stream().anyMatch(target -> target.plan().needs() == TargetPlan.Needs.GRAM);
        if (gram && statistics.get().areMade() && statistics.get().manifest().statistics() != StatisticsKind.GRAM) {
            throw new InvalidModelException(statistics.get().location() + ": has no Gram matrices, which scales and error"
                    + " feedback come from; run nightshift calibrate with --statistics gram");
        }
    }
}
