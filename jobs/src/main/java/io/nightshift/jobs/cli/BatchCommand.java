package io.nightshift.jobs.cli;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.jobs.batch.manifest.Deadline;
import io.nightshift.jobs.batch.manifest.InvalidManifestException;
import io.nightshift.jobs.batch.manifest.Manifest;
import io.nightshift.jobs.batch.manifest.ManifestExplanation;
import io.nightshift.jobs.batch.manifest.ManifestReader;
import io.nightshift.jobs.batch.manifest.StoredManifestFiles;
import io.nightshift.jobs.batch.result.NightResult;
import io.nightshift.jobs.batch.result.ResultFile;
import io.nightshift.jobs.batch.run.ModelPlan;
import io.nightshift.jobs.batch.run.Night;
import io.nightshift.jobs.batch.run.NightProgress;
import io.nightshift.jobs.storage.FileReference;
import io.nightshift.jobs.storage.HadoopSettings;
import io.nightshift.jobs.storage.StorageException;
import io.nightshift.jobs.tasks.Progress;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Callable;
import org.apache.spark.api.java.JavaSparkContext;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
        name = "batch",
        description = "Makes what a manifest asks for: many checkpoints, in one Spark application.",
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class BatchCommand implements Callable<Integer> {
    private static final String RUN_ID = "[A-Za-z0-9][A-Za-z0-9._+:-]{0,199}";

    @Option(names = "--manifest", required = true, paramLabel = "FILE",
            description = "What to make: YAML, or JSON if its name ends in .json; may be s3a://. See docs/batch.md.")
    private String manifest;

    @Option(names = "--explain", description = "Print what the manifest means; make nothing.")
    private boolean explain;

    @Option(names = "--dry-run", description = "Read the headers of every model and print every output; make nothing.")
    private boolean dryRun;

    @Option(names = "--until", paramLabel = "HH:MM",
            description = "In place of the manifest's: no model starts after the next such time, nor one that would not be"
                    + " done by then, by its estimate and this night's pace.")
    private String until;

    @Option(names = "--run-id", paramLabel = "ID",
            description = "Name of the run, for its result; a run with the same one takes over at once (default: the time"
                    + " and a random part).")
    private String runId;

    @Mixin
    private SparkOptions spark;

    @Mixin
    private JsonOption json;

    @Override
    public Integer call() throws IOException {
        refuseWithoutEffect();
        SparkRuntime runtime = spark.runtime().fair();
        Manifest read;
        try {
            read = read(runtime.hadoop());
        } catch (InvalidManifestException e) {
            e.getMessage().lines().forEach(line -> System.err.println(Errors.line(line)));
            return Errors.INPUT;
        }
        if (explain) {
            ManifestExplanation.print(read, Instant.now(), System.out);
            return 0;
        }
        Optional<NightBars> bars = Terminal.columns() > 0 && !dryRun
                ? Optional.of(new NightBars(System.err, Terminal.columns(), System::nanoTime))
                : Optional.empty();
        Night night = new Night(read, new ManifestRequests(), runtime.hadoop(),
                bars.map(NightProgress.class::cast).orElse(new NightLines(System.err)), InstantSource.system());
        if (dryRun) {
            List<ModelPlan> plans = night.plan(new TerminalProgress(System.err, false), runtime.cores(), true);
            NightPlanTable.print(plans, runtime.cores(), System.out);
            return plans.stream().allMatch(plan -> plan.failure().isEmpty() && plan.refused().isEmpty()) ? 0 : Errors.FAILURE;
        }
        List<ModelPlan> plans = night.plan(Progress.NONE, runtime.cores(), false);
        NightResult result;
        PrintStream err = System.err;
        try (JavaSparkContext context = runtime.start()) {
            bars.ifPresent(shown -> System.setErr(shown.stream()));
            result = night.run(context, plans, runId == null ? newRunId() : runId);
        } finally {
            System.setErr(err);
        }
        NightPlanTable.print(result, System.out);
        json.print(ResultFile.json(result), System.out);
        return result.status() == NightResult.Status.COMPLETE ? 0 : Errors.FAILURE;
    }

    private void refuseWithoutEffect() {
        String only = explain ? "--explain" : dryRun ? "--dry-run" : null;
        String idle = runId != null ? "--run-id" : json.isOn() ? "--json" : until != null && dryRun ? "--until" : null;
        if (explain && dryRun) {
            throw new InvalidModelException("--explain and --dry-run exclude each other");
        }
        if (only != null && idle != null) {
            throw new InvalidModelException(idle + " has no effect with " + only);
        }
        if (runId != null && !runId.matches(RUN_ID)) {
            throw new InvalidModelException("--run-id '" + runId + "': give letters, digits, dots, hyphens, colons, plus"
                    + " signs and underscores");
        }
    }

    private Manifest read(HadoopSettings settings) throws IOException {
        Manifest read = ManifestReader.read(manifest, text(settings), new StoredManifestFiles(settings));
        if (until == null) {
            return read;
        }
        String zone = read.until().map(Deadline::zone).orElse(ZoneId.systemDefault()).getId();
        try {
            return read.until(Deadline.parse(until, zone));
        } catch (InvalidModelException e) {
            throw new InvalidModelException("--until: " + e.getMessage(), e);
        }
    }

    private String text(HadoopSettings settings) throws IOException {
        try {
            FileReference found = FileReference.find(manifest, settings);
            return new String(found.folder().read(found.file().name()), StandardCharsets.UTF_8);
        } catch (StorageException e) {
            if (e.isTemporary()) {
                throw e;
            }
            throw new InvalidModelException("--manifest " + e.getMessage(), e);
        }
    }

    private static String newRunId() {
        return DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss").withZone(ZoneOffset.UTC).format(Instant.now()) + "-"
                + UUID.randomUUID().toString().substring(0, 8);
    }
}
