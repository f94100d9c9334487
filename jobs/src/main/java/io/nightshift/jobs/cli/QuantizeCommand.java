package io.nightshift.jobs.cli;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.jobs.output.OutputFile;
import io.nightshift.jobs.output.ParquetTable;
import io.nightshift.jobs.quantize.QuantizeJob;
import io.nightshift.jobs.quantize.QuantizeRequest;
import io.nightshift.jobs.quantize.QuantizeResult;
import io.nightshift.jobs.quantize.StatisticsSource;
import io.nightshift.jobs.quantize.Target;
import io.nightshift.jobs.rounding.RoundingOptions;
import io.nightshift.jobs.storage.StorageLocation;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
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
    @Mixin
    private ModelOptions model;

    @Option(
            names = "--to",
            required = true,
            split = ",",
            paramLabel = "TARGET",
            converter = TargetName.Converter.class,
            description = "What to make, separated by commas: gguf:TYPE, such as gguf:Q4_K_M, and awq or awq:w4gSIZE,"
                    + " a folder of four-bit integers in groups of SIZE.")
    private List<TargetName> names;

    @Mixin
    private OutputOptions output;

    @Mixin
    private StatisticsOptions statistics;

    @Mixin
    private RoundingSelection rounding;

    @Mixin
    private PreTokenizerOption preTokenizer;

    @Option(
            names = "--no-mtp",
            description = "Leave out the block that predicts further tokens (Qwen3.5, Qwen3-Next), as the converter's"
                    + " option does: for fine-tunes that were saved without it.")
    private boolean noMtp;

    @Option(
            names = "--part-size",
            paramLabel = "SIZE",
            defaultValue = "64M",
            converter = ByteSize.Converter.class,
            description = "Most bytes of a part, about; 5M at least (default: ${DEFAULT-VALUE}).")
    private ByteSize partSize;

    @Option(names = "--dry-run", description = "Print every output, its tensors and tasks, and what has to be measured"
            + " before; make nothing.")
    private boolean dryRun;

    @Mixin
    private SparkOptions spark;

    @Mixin
    private JsonOption json;

    private final List<TargetFormat> formats;

    /** @param formats that can be made; their options are mixins of this command */
    QuantizeCommand(List<TargetFormat> formats) {
        this.formats = formats;
    }

    @Override
    public Integer call() throws IOException {
        if (partSize.bytes() < OutputFile.MIN_PART_LENGTH) {
            throw new InvalidModelException("--part-size: object stores take no parts below 5M");
        }
        QuantizeRequest request = request();
        SparkRuntime runtime = spark.runtime();
        TerminalProgress progress = new TerminalProgress(System.err, System.console() != null);
        QuantizeJob job = QuantizeJob.plan(request, runtime.hadoop(), progress);
        if (dryRun) {
            if (request.statistics() instanceof StatisticsSource.Folder) {
                try (JavaSparkContext context = runtime.start()) {
                    job.requireStatisticsOfModel(context);
                }
            }
            PlanTable.print(job, runtime.cores(), System.out);
            return 0;
        }
        if (rounding.report().isPresent()) {
            ParquetTable.prepare(StorageLocation.parse(rounding.report().get()), runtime.hadoop());
        }
        QuantizeReport report;
        try (JavaSparkContext context = runtime.start()) {
            QuantizeResult result = job.run(context, new PassProgress(System.err));
            report = new QuantizeReport(result);
            if (rounding.report().isPresent()) {
                report.writeParquet(rounding.report().get(), context);
            }
        }
        report.print(System.out);
        json.print(report.toJson(), System.out);
        return 0;
    }

    /** Refuses options that are out of range, exclude each other, or have no effect on what is asked for. */
    private QuantizeRequest request() {
        StatisticsSource source = statistics.source();
        List<TargetFormat> asked = names.stream().map(this::format).distinct().toList();
        for (TargetFormat format : formats) {
            if (!asked.contains(format) && format.given().isPresent()) {
                throw new InvalidModelException(format.given().get() + " has no effect without --to " + format.usage());
            }
        }
        Shared shared = new Shared();
        List<Target> targets = new ArrayList<>();
        for (TargetName name : names) {
            Target target = format(name).target(name.variant(), shared);
            if (!targets.contains(target)) {
                targets.add(target);
            }
        }
        rounding.refuseWithoutEffect(shared.always);
        boolean tokenizes = asked.stream().anyMatch(TargetFormat::tokenizes);
        if (preTokenizer.name().isPresent() && !tokenizes && !statistics.calibrates()) {
            throw new InvalidModelException("--pre-tokenizer has no effect on these targets without --calibration");
        }
        return new QuantizeRequest(model.model(), targets, output.output(), source, preTokenizer.name(), noMtp,
                new QuantizeRequest.Settings(rounding.work(), partSize.bytes(), output.overwrite()));
    }

    private TargetFormat format(TargetName name) {
        return formats.stream().filter(format -> format.name().equals(name.format())).findFirst()
                .orElseThrow(() -> new InvalidModelException("--to " + name.text() + ": unknown format '" + name.format()
                        + "'; give " + formats.stream().map(TargetFormat::usage).collect(Collectors.joining(" or "))));
    }

    private final class Shared implements SharedOptions {
        private boolean always;

        @Override
        public RoundingOptions rounding(RoundingOptions otherwise) {
            always |= otherwise.needsStatistics();
            return rounding.options(otherwise);
        }

        @Override
        public Optional<String> statistics() {
            return statistics.option();
        }
    }
}
