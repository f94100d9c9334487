package io.nightshift.jobs.cli;

import io.nightshift.formats.statistics.StatisticsKind;
import io.nightshift.jobs.calibration.CalibrateJob;
import io.nightshift.jobs.calibration.CalibrateRequest;
import io.nightshift.jobs.calibration.CalibrateResult;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.apache.spark.api.java.JavaSparkContext;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
        name = "calibrate",
        description = "Runs a checkpoint over texts and leaves the statistics that quantizing needs.",
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class CalibrateCommand implements Callable<Integer> {
    @Mixin
    private ModelOptions model;

    @Option(
            names = "--data",
            paramLabel = "FILES",
            description = "Texts, separated by commas: files, folders or globs of text, JSON lines (.jsonl) or"
                    + " Parquet; may be s3a://.")
    private List<String> data;

    @Mixin
    private OutputOptions output;

    @Option(
            names = "--statistics",
            paramLabel = "WHAT",
            defaultValue = "gram",
            description = "imatrix: sums a channel, enough for GGUF; gram: whole Gram matrices, for AWQ, EXL2 and error"
                    + " feedback (default: ${DEFAULT-VALUE}).")
    private StatisticsKind statistics;

    @Mixin
    private CalibrationSelection selection;

    @Option(
            names = "--work",
            paramLabel = "FOLDER",
            description = "Where checkpoints of the run go; removed at the end (default: a folder in the output).")
    private String work;

    @Mixin
    private PreTokenizerOption preTokenizer;

    @Mixin
    private SparkOptions spark;

    @Mixin
    private JsonOption json;

    @Override
    public Integer call() throws IOException {
        CalibrateRequest request = new CalibrateRequest(
                model.model(),
                output.output(),
                Optional.ofNullable(work),
                selection.options("--data", data == null ? null : Locations.split(data), statistics),
                preTokenizer.name(),
                output.overwrite());
        model.requireIfLocal();
        SparkRuntime runtime = spark.runtime();
        CalibrateJob job = CalibrateJob.plan(request, runtime.hadoop(), new PassProgress(System.err));
        CalibrateResult result;
        try (JavaSparkContext context = runtime.start(model.model())) {
            result = job.run(context);
        }
        new CalibrationReport(result).print(System.out);
        json.print(result, System.out);
        return 0;
    }
}
