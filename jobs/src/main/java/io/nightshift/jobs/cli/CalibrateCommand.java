package io.nightshift.jobs.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
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
    @Option(
            names = "--model",
            required = true,
            paramLabel = "FOLDER",
            description = "The checkpoint: a folder or an s3a:// prefix with config.json, safetensors and tokenizer.")
    private String model;

    @Option(
            names = "--data",
            split = ",",
            paramLabel = "FILES",
            description = "Texts, separated by commas: files, folders or globs of text, JSON lines (.jsonl) or"
                    + " Parquet; may be s3a://.")
    private List<String> data;

    @Option(names = "--output", required = true, paramLabel = "FOLDER",
            description = "Where to: a folder or s3a:// prefix.")
    private String output;

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

    @Option(
            names = "--pre-tokenizer",
            paramLabel = "NAME",
            description = "llama.cpp's name of the BPE pre-tokenizer, where it is not recognised.")
    private String preTokenizer;

    @Option(names = "--overwrite", description = "Make statistics again that are complete already.")
    private boolean overwrite;

    @Option(names = "--master", paramLabel = "URL", description = "Spark master (default: spark-submit's, else"
            + " local[*]).")
    private String master;

    @Option(names = "--json", description = "Print the result as one line of JSON, last.")
    private boolean json;

    @Override
    public Integer call() throws IOException {
        CalibrateRequest request = new CalibrateRequest(
                model,
                output,
                Optional.ofNullable(work),
                selection.options("--data", data, statistics),
                Optional.ofNullable(preTokenizer),
                overwrite);
        SparkRuntime runtime = new SparkRuntime(master);
        CalibrateJob job = CalibrateJob.plan(request, runtime.hadoop(), new PassProgress(System.err));
        CalibrateResult result;
        try (JavaSparkContext spark = runtime.start()) {
            result = job.run(spark);
        }
        new CalibrationReport(result).print(System.out);
        if (json) {
            System.out.println(new ObjectMapper().writeValueAsString(result));
        }
        return 0;
    }
}
