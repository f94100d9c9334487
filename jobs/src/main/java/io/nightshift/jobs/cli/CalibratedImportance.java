package io.nightshift.jobs.cli;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.jobs.calibration.CalibrateJob;
import io.nightshift.jobs.calibration.CalibrateRequest;
import io.nightshift.jobs.calibration.Statistics;
import io.nightshift.jobs.calibration.StoredStatistics;
import io.nightshift.jobs.quantize.ImportanceOptions;
import io.nightshift.jobs.storage.HadoopSettings;
import io.nightshift.jobs.storage.StorageLocation;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.spark.api.java.JavaSparkContext;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Where the importance comes from if no file is given: from statistics, or from texts that the model is run on first. */
final class CalibratedImportance {
    @Option(
            names = "--calibration",
            split = ",",
            paramLabel = "FILES",
            description = "Run the model over these texts first, as nightshift calibrate does, and take the importance from"
                    + " there, and what scales and error feedback need. The statistics stay in <output>/<model>-calibration.")
    private List<String> data = new ArrayList<>();

    @Option(
            names = "--stats",
            paramLabel = "FOLDER",
            description = "Take the importance, and what scales and error feedback need, from what nightshift calibrate left"
                    + " there.")
    private String statistics;

    @Mixin
    private CalibrationSelection selection;

    /** Whether the model has to be run first. */
    boolean calibrates() {
        return !data.isEmpty();
    }

    /** Whether there are statistics, or will be. */
    boolean isGiven() {
        return statistics != null || calibrates();
    }

    /** The folder of the statistics: that of {@code --stats}, or where those of the calibration go. */
    String folder(String model, String output) throws IOException {
        return statistics != null
                ? statistics
                : output.replaceAll("/+$", "") + "/" + StorageLocation.parse(model).name() + "-calibration";
    }

    /** Refuses options that exclude each other or would have no effect. */
    void check(ImportanceOptions importance) {
        if (statistics != null && calibrates()) {
            throw new InvalidModelException("--stats and --calibration exclude each other");
        }
        if ((statistics != null || calibrates()) && !importance.files().isEmpty()) {
            throw new InvalidModelException(
                    (statistics != null ? "--stats" : "--calibration") + " and --imatrix exclude each other");
        }
        if (!calibrates() && selection.given() != null) {
            throw new InvalidModelException(selection.given() + " has no effect without --calibration");
        }
    }

    /** The options with the matrix of {@code --stats}, if it was given. */
    ImportanceOptions fromStatistics(ImportanceOptions importance, String model, HadoopSettings settings)
            throws IOException {
        return statistics == null
                ? importance
                : with(importance, StoredStatistics.importanceMatrix(statistics, model, settings));
    }

    /**
     * The options with the matrix of a calibration, which is run unless it was before.
     *
     * @param kept what the statistics are to hold
     */
    ImportanceOptions calibrate(
            ImportanceOptions importance,
            Statistics kept,
            String model,
            String output,
            Optional<String> preTokenizer,
            HadoopSettings settings,
            JavaSparkContext spark)
            throws IOException {
        String folder = folder(model, output);
        CalibrateRequest request = new CalibrateRequest(
                model, folder, Optional.empty(), selection.options(data, kept), preTokenizer, false);
        CalibrateCommand.print(
                CalibrateJob.plan(request, settings, new PassProgress(System.err)).run(spark));
        return with(importance, StoredStatistics.importanceMatrix(folder, model, settings));
    }

    private static ImportanceOptions with(ImportanceOptions importance, String file) {
        return new ImportanceOptions(List.of(file), importance.include(), importance.exclude());
    }
}
