package io.nightshift.jobs.cli;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.statistics.StatisticsKind;
import io.nightshift.jobs.calibration.CalibrateJob;
import io.nightshift.jobs.calibration.CalibrateRequest;
import io.nightshift.jobs.calibration.StoredStatistics;
import io.nightshift.jobs.quantize.ImportanceOptions;
import io.nightshift.jobs.rounding.StatisticsReference;
import io.nightshift.jobs.storage.FolderReference;
import io.nightshift.jobs.storage.HadoopSettings;
import io.nightshift.jobs.storage.StorageLocation;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.spark.api.java.JavaSparkContext;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Where statistics, and the importance, come from: a folder, or texts that the model is run on first. */
final class CalibratedImportance {
    private static final String DATA_OPTION = "--calibration";

    @Option(
            names = DATA_OPTION,
            split = ",",
            paramLabel = "FILES",
            description = "Run the model over these texts first, as nightshift calibrate does, and take the importance, or"
                    + " scales and rounding of AWQ, from there. The statistics stay in <output>/<model>-calibration.")
    private List<String> data = new ArrayList<>();

    @Option(
            names = "--stats",
            paramLabel = "FOLDER",
            description = "Take the importance, or scales and rounding of AWQ, from what nightshift calibrate left there.")
    private String statistics;

    @Mixin
    private CalibrationSelection selection;

    /** Whether the model has to be run first. */
    boolean calibrates() {
        return !data.isEmpty() || selection.hasTokens();
    }

    /** The option that statistics come from; only where {@link #given}. */
    String option() {
        return statistics != null ? "--stats" : calibrationOption();
    }

    private String calibrationOption() {
        return data.isEmpty() ? "--tokens" : DATA_OPTION;
    }

    /** Refuses options that exclude each other or would have no effect. */
    void check(ImportanceOptions importance) {
        if (statistics != null && calibrates()) {
            throw new InvalidModelException("--stats and " + calibrationOption() + " exclude each other");
        }
        if (given() && !importance.files().isEmpty()) {
            throw new InvalidModelException(option() + " and --imatrix exclude each other");
        }
        if (!calibrates() && selection.given() != null) {
            throw new InvalidModelException(selection.given() + " has no effect without " + DATA_OPTION);
        }
        if (calibrates()) {
            selection.options(DATA_OPTION, data, StatisticsKind.IMATRIX); // Refuses what is wrong with the options.
        }
    }

    /** Whether there are statistics, or will be. */
    boolean given() {
        return statistics != null || calibrates();
    }

    /** The folder of {@code --stats}, if it was given. */
    Optional<String> statistics() {
        return Optional.ofNullable(statistics);
    }

    /** Refuses statistics of another model. */
    void requireModel(String model, HadoopSettings settings, JavaSparkContext spark) throws IOException {
        new StatisticsReference(FolderReference.find(statistics, settings))
                .requireModel(FolderReference.find(model, settings), spark);
    }

    /**
     * The folder of the statistics: that of {@code --stats}, if they are this model's, or what running the model gives,
     * unless that was done before.
     *
     * @param kept what is needed of the statistics
     */
    String folder(
            StatisticsKind kept,
            String model,
            String output,
            Optional<String> preTokenizer,
            HadoopSettings settings,
            JavaSparkContext spark)
            throws IOException {
        if (!calibrates()) {
            requireModel(model, settings, spark);
            return statistics;
        }
        String name = StorageLocation.parse(model).name();
        String folder = output.replaceAll("/+$", "") + "/" + name + "-calibration";
        CalibrateRequest request = new CalibrateRequest(
                model, folder, Optional.empty(), selection.options(DATA_OPTION, data, kept), preTokenizer, false);
        CalibrateJob job = CalibrateJob.plan(request, settings, new PassProgress(System.err));
        new CalibrationReport(job.run(spark)).print(System.out);
        return folder;
    }

    /** The options with the matrix of a folder of statistics. */
    static ImportanceOptions with(ImportanceOptions importance, String folder, HadoopSettings settings)
            throws IOException {
        String file = StoredStatistics.importanceMatrix(folder, settings);
        return new ImportanceOptions(List.of(file), importance.include(), importance.exclude());
    }
}
