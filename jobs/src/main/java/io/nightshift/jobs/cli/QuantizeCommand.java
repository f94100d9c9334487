package io.nightshift.jobs.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.gguf.FileType;
import io.nightshift.jobs.calibration.Statistics;
import io.nightshift.jobs.output.OutputFile;
import io.nightshift.jobs.quantize.ImportanceOptions;
import io.nightshift.jobs.quantize.QuantizeJob;
import io.nightshift.jobs.quantize.QuantizeRequest;
import io.nightshift.jobs.quantize.QuantizeResult;
import io.nightshift.jobs.quantize.RoundingRequest;
import io.nightshift.jobs.rounding.RoundingOptions;
import java.io.IOException;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.ToDoubleFunction;
import org.apache.spark.api.java.JavaSparkContext;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
        name = "quantize",
        description = "Makes quantized files of a checkpoint.",
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class QuantizeCommand implements Callable<Integer> {
    @Option(
            names = "--model",
            required = true,
            paramLabel = "FOLDER",
            description = "The checkpoint: a folder or an s3a:// prefix with config.json, safetensors and tokenizer.")
    private String model;

    @Option(
            names = "--to",
            required = true,
            split = ",",
            paramLabel = "TARGET",
            converter = Target.Converter.class,
            description = "What to make, separated by commas: gguf:TYPE, such as gguf:Q4_K_M,gguf:Q8_0.")
    private List<Target> targets;

    @Option(names = "--output", required = true, paramLabel = "FOLDER", description = "Where to: a folder or s3a:// prefix.")
    private String output;

    @Mixin
    private TypeSelection types;

    @Mixin
    private ImportanceSelection importance;

    @Mixin
    private CalibratedImportance calibrated;

    @Mixin
    private RoundingSelection roundingSelection;

    @Option(
            names = "--work",
            paramLabel = "FOLDER",
            description = "Folder for what --rounding gptq keeps while it runs (default: <output>/.nightshift-work).")
    private String work;

    @Option(
            names = "--pre-tokenizer",
            paramLabel = "NAME",
            description = "llama.cpp's name of the BPE pre-tokenizer, where it is not recognised.")
    private String preTokenizer;

    @Option(
            names = "--part-size",
            paramLabel = "SIZE",
            defaultValue = "64M",
            converter = ByteSize.Converter.class,
            description = "Most bytes of a part, about; 5M at least (default: ${DEFAULT-VALUE}).")
    private ByteSize partSize;

    @Option(names = "--overwrite", description = "Make outputs again that are complete already.")
    private boolean overwrite;

    @Option(names = "--dry-run", description = "Print types and sizes; make nothing.")
    private boolean dryRun;

    @Option(names = "--master", paramLabel = "URL", description = "Spark master (default: spark-submit's, else local[*]).")
    private String master;

    @Option(names = "--json", description = "Print the result as one line of JSON, last.")
    private boolean json;

    @Override
    public Integer call() throws IOException {
        if (partSize.bytes() < OutputFile.MIN_PART_LENGTH) {
            throw new InvalidModelException("--part-size: object stores take no parts below 5M");
        }
        List<FileType> fileTypes = List.copyOf(
                new LinkedHashSet<>(targets.stream().map(Target::fileType).toList()));
        ImportanceOptions chosen = importance.options();
        calibrated.check(chosen);
        Optional<RoundingRequest> rounding = rounding();
        SparkRuntime runtime = new SparkRuntime(master);
        TerminalProgress progress = new TerminalProgress(System.err, System.console() != null);
        QuantizeResult result;
        if (calibrated.calibrates()) {
            if (dryRun) {
                throw new InvalidModelException("--dry-run runs no model; use it without --calibration");
            }
            try (JavaSparkContext spark = runtime.start()) {
                Statistics kept = rounding.isPresent() ? Statistics.GRAM : Statistics.IMATRIX;
                chosen = calibrated.calibrate(
                        chosen, kept, model, output, Optional.ofNullable(preTokenizer), runtime.hadoop(), spark);
                result = QuantizeJob.plan(request(fileTypes, chosen, rounding), runtime.hadoop(), progress).run(spark);
            }
        } else {
            chosen = calibrated.fromStatistics(chosen, model, runtime.hadoop());
            QuantizeJob job = QuantizeJob.plan(request(fileTypes, chosen, rounding), runtime.hadoop(), progress);
            if (dryRun) {
                PlanTable.print(job.model().tensors(), job.targets(), System.out);
                return 0;
            }
            try (JavaSparkContext spark = runtime.start()) {
                result = job.run(spark);
            }
        }
        print(result);
        if (json) {
            System.out.println(new ObjectMapper().writeValueAsString(result));
        }
        return 0;
    }

    /** Scales and error feedback, if they are asked for: {@code gguf} alone is made as llama-quantize does. */
    private Optional<RoundingRequest> rounding() throws IOException {
        RoundingOptions options = roundingSelection.options(false, false);
        if (work != null && !options.feedback()) {
            throw new InvalidModelException("--work has no effect without --rounding gptq");
        }
        if (!options.needsStatistics()) {
            return Optional.empty();
        }
        if (!calibrated.isGiven()) {
            throw new InvalidModelException((options.scaled() ? "--scales awq" : "--rounding gptq")
                    + " needs statistics of the layers' inputs: give --calibration FILES or --stats FOLDER");
        }
        return Optional.of(
                new RoundingRequest(options, calibrated.folder(model, output), Optional.ofNullable(work)));
    }

    private QuantizeRequest request(
            List<FileType> fileTypes, ImportanceOptions chosen, Optional<RoundingRequest> rounding) {
        return new QuantizeRequest(
                model,
                fileTypes,
                output,
                types.options(),
                chosen,
                rounding,
                Optional.ofNullable(preTokenizer),
                partSize.bytes(),
                overwrite);
    }

    private static void print(QuantizeResult result) {
        for (QuantizeResult.Output made : result.outputs()) {
            System.out.printf(
                    Locale.ROOT,
                    "%s  %s  %.2f bits per weight%s%n",
                    made.location(),
                    ByteSize.format(made.bytes()),
                    made.bitsPerWeight(),
                    made.skipped() ? "  (was complete)" : "");
            if (!made.linears().isEmpty()) {
                System.out.printf(
                        Locale.ROOT,
                        "  %d linear layers, mean loss %.3g as llama-quantize makes them, %.3g with scales, %.3g as written%n",
                        made.linears().size(),
                        mean(made, QuantizeResult.LinearReport::nearestLoss),
                        mean(made, QuantizeResult.LinearReport::scaledLoss),
                        mean(made, QuantizeResult.LinearReport::roundedLoss));
            }
        }
        if (result.pieces() > 0) {
            System.out.printf(
                    Locale.ROOT,
                    "%d parts, read %s and wrote %s in %.1f s; task time: reading %.1f s, computing %.1f s, writing %.1f s%n",
                    result.pieces(),
                    ByteSize.format(result.bytesRead()),
                    ByteSize.format(result.bytesWritten()),
                    result.seconds(),
                    result.time().reading() * 1e-9,
                    result.time().computing() * 1e-9,
                    result.time().writing() * 1e-9);
        }
    }

    private static double mean(QuantizeResult.Output made, ToDoubleFunction<QuantizeResult.LinearReport> loss) {
        return made.linears().stream().mapToDouble(loss).average().orElse(0);
    }
}
