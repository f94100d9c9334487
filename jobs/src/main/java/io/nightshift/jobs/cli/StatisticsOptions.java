package io.nightshift.jobs.cli;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.statistics.StatisticsKind;
import io.nightshift.jobs.quantize.StatisticsSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Where statistics of linear layers' inputs come from: a folder, or texts that the model is run on first. */
final class StatisticsOptions {
    private static final String DATA_OPTION = "--calibration";

    @Option(
            names = DATA_OPTION,
            paramLabel = "FILES",
            description = "Run the model over these texts first, as nightshift calibrate does, and take the importance, or"
                    + " scales and rounding, from there. The statistics stay in <output>/<model>-calibration.")
    private List<String> data = new ArrayList<>();

    @Option(
            names = "--stats",
            paramLabel = "FOLDER",
            description = "Take the importance, or scales and rounding, from what nightshift calibrate left there.")
    private String statistics;

    @Mixin
    private CalibrationSelection selection;

    /** Whether the model has to be run first. */
    boolean calibrates() {
        return !data.isEmpty() || selection.hasTokens();
    }

    /** The option that statistics come from, if there are any. */
    Optional<String> option() {
        return statistics != null ? Optional.of("--stats")
                : calibrates() ? Optional.of(calibrationOption())
                : Optional.empty();
    }

    private String calibrationOption() {
        return data.isEmpty() ? "--tokens" : DATA_OPTION;
    }

    /**
     * Where they come from.
     *
     * @throws InvalidModelException if options exclude each other, are out of range or have no effect
     */
    StatisticsSource source() {
        if (statistics != null && calibrates()) {
            throw new InvalidModelException("--stats and " + calibrationOption() + " exclude each other");
        }
        if (!calibrates() && selection.given() != null) {
            throw new InvalidModelException(selection.given() + " has no effect without " + DATA_OPTION);
        }
        if (calibrates()) {
            // What is kept follows from the targets.
            return new StatisticsSource.Calibration(
                    selection.options(DATA_OPTION, Locations.split(data), StatisticsKind.IMATRIX), calibrationOption());
        }
        return statistics == null ? StatisticsSource.NONE : new StatisticsSource.Folder(statistics);
    }
}
