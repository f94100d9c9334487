package io.nightshift.jobs.cli;

import io.nightshift.jobs.output.ParquetTable;
import io.nightshift.jobs.quantize.QuantizeJob;
import io.nightshift.jobs.quantize.QuantizeRequest;
import io.nightshift.jobs.quantize.QuantizeResult;
import io.nightshift.jobs.quantize.StatisticsSource;
import java.io.IOException;
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
    @Mixin
    private ModelOptions model;

    @Mixin
    private OutputOptions output;

    @Mixin
    private final TargetSelection selection;

    @Option(names = "--dry-run", description = "Print every output, its tensors and tasks, and what has to be measured"
            + " before; make nothing.")
    private boolean dryRun;

    @Mixin
    private SparkOptions spark;

    @Mixin
    private JsonOption json;

    /** @param selection of what can be made */
    QuantizeCommand(TargetSelection selection) {
        this.selection = selection;
    }

    @Override
    public Integer call() throws IOException {
        QuantizeRequest request = selection.request(model.model(), output.output(), output.overwrite());
        model.requireIfLocal();
        SparkRuntime runtime = spark.runtime();
        TerminalProgress progress = new TerminalProgress(System.err, Terminal.columns() > 0);
        QuantizeJob job = QuantizeJob.plan(request, runtime.hadoop(), progress);
        if (dryRun) {
            if (request.statistics() instanceof StatisticsSource.Folder) {
                try (JavaSparkContext context = runtime.start(model.model())) {
                    job.requireStatisticsOfModel(context);
                }
            }
            PlanTable.print(job, runtime.cores(), System.out);
            return 0;
        }
        if (selection.rounding().report().isPresent()) {
            ParquetTable.prepare(selection.rounding().report().get(), runtime.hadoop());
        }
        selection.prepare(runtime.hadoop());
        try (JavaSparkContext context = runtime.start(model.model())) {
            QuantizeResult result = job.run(context, new PassProgress(System.err));
            QuantizeReport report = new QuantizeReport(result);
            // What was made is told before files beside it may turn out to find no room.
            report.print(System.out);
            json.print(report.toJson(), System.out);
            selection.finished(result, runtime.hadoop());
            if (selection.rounding().report().isPresent()) {
                report.writeParquet(selection.rounding().report().get(), runtime.hadoop());
            }
        }
        return 0;
    }
}
