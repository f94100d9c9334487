package io.nightshift.jobs.cli;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.types.FileType;
import io.nightshift.jobs.awq.AwqJob;
import io.nightshift.jobs.awq.AwqRequest;
import io.nightshift.jobs.awq.AwqTable;
import io.nightshift.jobs.calibration.Statistics;
import io.nightshift.jobs.output.OutputFile;
import io.nightshift.jobs.output.ParquetTable;
import io.nightshift.jobs.quantize.ImportanceOptions;
import io.nightshift.jobs.quantize.QuantizeJob;
import io.nightshift.jobs.quantize.QuantizeRequest;
import io.nightshift.jobs.quantize.RoundingRequest;
import io.nightshift.jobs.rounding.RoundingOptions;
import io.nightshift.jobs.storage.HadoopSettings;
import io.nightshift.jobs.storage.StorageLocation;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
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
            description = "What to make, separated by commas: gguf:TYPE, such as gguf:Q4_K_M, and awq or awq:w4gSIZE,"
                    + " a folder of four-bit integers in groups of SIZE.")
    private List<Target> targets;

    @Option(names = "--output", required = true, paramLabel = "FOLDER",
            description = "Where to: a folder or s3a:// prefix.")
    private String output;

    @Mixin
    private TypeSelection types;

    @Mixin
    private ImportanceSelection importance;

    @Mixin
    private CalibratedImportance calibrated;

    @Mixin
    private RoundingSelection rounding;

    @Mixin
    private AwqSelection awq;

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

    @Option(
            names = QuantizeRequest.STRICT_OPTION,
            description = "Refuse where a GGUF file would differ from what the checkpoint says, instead of a warning.")
    private boolean strict;

    @Option(names = "--dry-run", description = "Print types and sizes; make nothing.")
    private boolean dryRun;

    @Option(names = "--master", paramLabel = "URL", description = "Spark master (default: spark-submit's, else"
            + " local[*]).")
    private String master;

    @Option(names = "--json", description = "Print the result as one line of JSON, last.")
    private boolean json;

    @Override
    public Integer call() throws IOException {
        if (partSize.bytes() < OutputFile.MIN_PART_LENGTH) {
            throw new InvalidModelException("--part-size: object stores take no parts below 5M");
        }
        List<FileType> fileTypes = targets.stream()
                .filter(Target.Gguf.class::isInstance)
                .map(target -> ((Target.Gguf) target).fileType())
                .distinct()
                .toList();
        Optional<Target.Awq> folder = awqTarget();
        Optional<RoundingOptions> ofFiles =
                fileTypes.isEmpty() ? Optional.empty() : rounding.ggufOptions(folder.isEmpty());
        refuseWithoutEffect(fileTypes, folder, ofFiles);
        ImportanceOptions chosen = importance.options();
        calibrated.check(chosen);
        SparkRuntime runtime = new SparkRuntime(master);
        TerminalProgress progress = new TerminalProgress(System.err, System.console() != null);
        if (dryRun) {
            return dryRun(fileTypes, folder, ofFiles, chosen, runtime, progress);
        }
        if (rounding.report().isPresent()) {
            ParquetTable.prepare(StorageLocation.parse(rounding.report().get()), runtime.hadoop());
        }
        QuantizeReport report = new QuantizeReport();
        if (calibrated.given()) {
            if (folder.isPresent()) {
                // What cannot be packed is found out before the model is run.
                AwqJob.layOut(awqRequest(folder.get(), Optional.empty()), runtime.hadoop());
            }
            try (JavaSparkContext spark = runtime.start()) {
                Statistics kept = folder.isPresent() || ofFiles.isPresent() ? Statistics.GRAM : Statistics.IMATRIX;
                String statistics = calibrated.folder(
                        kept, model, output, Optional.ofNullable(preTokenizer), runtime.hadoop(), spark);
                plan(fileTypes, folder, ofFiles, chosen, Optional.of(statistics), runtime.hadoop(), progress)
                        .run(spark, report);
            }
        } else {
            Jobs jobs = plan(fileTypes, folder, ofFiles, chosen, Optional.empty(), runtime.hadoop(), progress);
            try (JavaSparkContext spark = runtime.start()) {
                jobs.run(spark, report);
            }
        }
        report.print(System.out);
        if (json) {
            System.out.println(report.toJson());
        }
        return 0;
    }

    /** What is to be run, all of it planned. */
    private record Jobs(Optional<QuantizeJob> files, Optional<AwqJob> folder, Optional<String> parquet) {
        void run(JavaSparkContext spark, QuantizeReport report) throws IOException {
            if (files.isPresent()) {
                report.add(files.get().run(spark));
            }
            if (folder.isPresent()) {
                report.add(folder.get().run(spark));
            }
            if (parquet.isPresent()) {
                report.writeParquet(parquet.get(), spark);
            }
        }
    }

    private Jobs plan(
            List<FileType> fileTypes,
            Optional<Target.Awq> folder,
            Optional<RoundingOptions> ofFiles,
            ImportanceOptions chosen,
            Optional<String> statistics,
            HadoopSettings settings,
            TerminalProgress progress)
            throws IOException {
        Optional<QuantizeJob> files = Optional.empty();
        if (!fileTypes.isEmpty()) {
            ImportanceOptions weighted = statistics.isEmpty()
                    ? chosen
                    : CalibratedImportance.with(chosen, statistics.get(), settings);
            Optional<RoundingRequest> howRounded =
                    ofFiles.map(options -> new RoundingRequest(options, statistics.orElseThrow(), rounding.work()));
            files = Optional.of(QuantizeJob.plan(request(fileTypes, weighted, howRounded), settings, progress));
        }
        Optional<AwqJob> awqJob = Optional.empty();
        if (folder.isPresent()) {
            AwqRequest request = awqRequest(folder.get(), statistics);
            awqJob = Optional.of(AwqJob.plan(request, settings, progress));
        }
        return new Jobs(files, awqJob, rounding.report());
    }

    private int dryRun(
            List<FileType> fileTypes,
            Optional<Target.Awq> folder,
            Optional<RoundingOptions> ofFiles,
            ImportanceOptions chosen,
            SparkRuntime runtime,
            TerminalProgress progress)
            throws IOException {
        if (calibrated.calibrates()) {
            throw new InvalidModelException("--dry-run runs no model; use it without " + calibrated.option());
        }
        HadoopSettings settings = runtime.hadoop();
        if (calibrated.statistics().isPresent()) {
            try (JavaSparkContext spark = runtime.start()) {
                calibrated.requireModel(model, settings, spark);
            }
        }
        if (!fileTypes.isEmpty()) {
            Jobs jobs = plan(
                    fileTypes, Optional.empty(), ofFiles, chosen, calibrated.statistics(), settings, progress);
            QuantizeJob job = jobs.files().orElseThrow();
            PlanTable.print(job.model().tensors(), job.targets(), System.out);
        }
        if (folder.isPresent()) {
            AwqTable.printPlan(AwqJob.layOut(awqRequest(folder.get(), Optional.empty()), settings), System.out);
        }
        return 0;
    }

    private Optional<Target.Awq> awqTarget() {
        List<Target.Awq> folders = targets.stream()
                .filter(Target.Awq.class::isInstance)
                .map(Target.Awq.class::cast)
                .distinct()
                .toList();
        if (folders.size() > 1) {
            throw new InvalidModelException("--to: several AWQ folders would have one name; make them one after another,"
                    + " with another --output");
        }
        return folders.stream().findFirst();
    }

    /** Options that none of the targets has a use for. */
    private void refuseWithoutEffect(
            List<FileType> fileTypes, Optional<Target.Awq> folder, Optional<RoundingOptions> ofFiles) {
        if (folder.isEmpty() && awq.given() != null) {
            throw new InvalidModelException(awq.given() + " has no effect without --to awq");
        }
        if (rounding.work().isPresent() && folder.isEmpty() && !ofFiles.map(RoundingOptions::feedback).orElse(false)) {
            throw new InvalidModelException("--work has no effect without --rounding gptq");
        }
        boolean measured = ofFiles.isPresent() || folder.isPresent() && rounding.options().needsStatistics();
        if (rounding.report().isPresent() && !measured) {
            throw new InvalidModelException("--report has no effect without --scales awq or --rounding gptq");
        }
        boolean statistics = calibrated.given();
        if (ofFiles.isPresent() && !statistics) {
            throw new InvalidModelException((ofFiles.get().scaled() ? "--scales awq" : "--rounding gptq")
                    + " needs statistics of the layers' inputs: give --calibration FILES or --stats FOLDER");
        }
        if (ofFiles.isPresent() && importance.given() != null) {
            throw new InvalidModelException(importance.given() + " has no effect with "
                    + (ofFiles.get().scaled() ? "--scales awq" : "--rounding gptq")
                    + ": the importance of linear layers comes from their Gram matrices then");
        }
        if (folder.isPresent() && rounding.work().isPresent() && !rounding.options().feedback()) {
            throw new InvalidModelException("--work has no effect with --rounding nearest");
        }
        if (!fileTypes.isEmpty()) {
            return;
        }
        if (types.given() != null) {
            throw new InvalidModelException(types.given() + " has no effect without --to gguf:TYPE");
        }
        if (importance.given() != null) {
            throw new InvalidModelException(importance.given() + " has no effect without --to gguf:TYPE");
        }
        if (strict) {
            throw new InvalidModelException(QuantizeRequest.STRICT_OPTION + " has no effect without --to gguf:TYPE");
        }
        if (statistics && !rounding.options().needsStatistics()) {
            throw new InvalidModelException(calibrated.option()
                    + " has no effect with --scales none --rounding nearest");
        }
        if (preTokenizer != null && !calibrated.calibrates()) {
            throw new InvalidModelException("--pre-tokenizer has no effect on AWQ without --calibration");
        }
    }

    private AwqRequest awqRequest(Target.Awq target, Optional<String> statistics) {
        RoundingOptions options = rounding.options();
        return new AwqRequest(
                model,
                output,
                statistics.filter(given -> options.needsStatistics()),
                rounding.work(),
                awq.options(target),
                options,
                awq.maxShardSize(),
                partSize.bytes(),
                overwrite);
    }

    private QuantizeRequest request(List<FileType> fileTypes, ImportanceOptions chosen, Optional<RoundingRequest> howRounded) {
        return new QuantizeRequest(
                model,
                fileTypes,
                output,
                types.options(),
                chosen,
                howRounded,
                Optional.ofNullable(preTokenizer),
                partSize.bytes(),
                overwrite,
                strict);
    }
}
