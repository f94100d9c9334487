package io.nightshift.jobs.batch.run;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.jobs.batch.card.PublishedCard;
import io.nightshift.jobs.batch.files.NightFiles;
import io.nightshift.jobs.batch.lease.Lease;
import io.nightshift.jobs.batch.lease.LeaseException;
import io.nightshift.jobs.batch.lease.LeaseTerms;
import io.nightshift.jobs.batch.manifest.Deadline;
import io.nightshift.jobs.batch.manifest.Manifest;
import io.nightshift.jobs.batch.manifest.ManifestModel;
import io.nightshift.jobs.batch.report.NightReport;
import io.nightshift.jobs.batch.result.NightResult;
import io.nightshift.jobs.batch.result.ResultFile;
import io.nightshift.jobs.metrics.RunCounter;
import io.nightshift.jobs.storage.HadoopSettings;
import io.nightshift.jobs.tasks.JobScope;
import io.nightshift.jobs.tasks.Progress;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.apache.spark.api.java.JavaSparkContext;

/** A night: plans every model, then makes them side by side, and writes what people and programs read of it. */
public final class Night {
    private static final String POOL = "spark.scheduler.pool";

    private final Manifest manifest;
    private final Requests requests;
    private final HadoopSettings settings;
    private final NightProgress progress;
    private final InstantSource clock;

    /**
     * A night that is to come.
     *
     * @param progress hears how it goes on
     * @param clock that the deadline is held against
     */
    public Night(Manifest manifest, Requests requests, HadoopSettings settings, NightProgress progress,
            InstantSource clock) {
        this.manifest = manifest;
        this.requests = requests;
        this.settings = settings;
        this.progress = progress;
        this.clock = clock;
    }

    /**
     * Reads the headers of every model and lays every output out; reads no weight and needs no Spark.
     *
     * @param cores that tasks are counted for
     * @param estimated whether it is to be estimated what the models take, too; it is in any case where there is a deadline
     * @return a plan for each model, in the order in which they start
     */
    public List<ModelPlan> plan(Progress progress, int cores, boolean estimated) {
        boolean costs = estimated || manifest.until().isPresent();
        return manifest.inOrder().stream()
                .map(model -> ModelPlan.of(model, folder(model), requests, settings, progress, cores, costs))
                .toList();
    }

    private String folder(ManifestModel model) {
        return manifest.output() + "/" + model.name();
    }

    /**
     * Makes what is missing, under the lease of the output. What fails of a model stands in the result.
     *
     * @param plans of {@link #plan}
     * @param runId of this run
     * @throws LeaseException if another run holds the output, or takes it meanwhile: then there is no result
     * @throws IOException if state, report or result cannot be written, or someone stopped the night: then there is none either
     */
    public NightResult run(JavaSparkContext spark, List<ModelPlan> plans, String runId) throws IOException {
        Instant start = clock.instant();
        NightFiles files = NightFiles.open(manifest.output(), settings);
        try (Lease lease = Lease.take(files, runId, LeaseTerms.USUAL)) {
            Map<String, ModelRun.Outcome> outcomes = run(spark, plans, runId, files, lease, start);
            NightResult result = result(runId, start, outcomes);
            lease.requireHeld();
            for (ManifestModel model : manifest.models()) {
                publish(result, model, files);
            }
            NightReport.write(result, outcomes.values().stream().map(ModelRun.Outcome::detail).toList(),
                    manifest.until().map(Deadline::zone).orElse(ZoneId.systemDefault()), files);
            lease.requireHeld();
            ResultFile.write(result, files);
            return result;
        }
    }

    private Map<String, ModelRun.Outcome> run(JavaSparkContext spark, List<ModelPlan> plans, String runId,
            NightFiles files, Lease lease, Instant start) throws IOException {
        Pace pace = new Pace(manifest.until(), start, manifest.until().isPresent() ? coresOfAModel(spark, plans) : 1);
        ExecutorService sideBySide = Executors.newFixedThreadPool(manifest.modelsAtOnce());
        try {
            Map<String, Future<ModelRun.Outcome>> running = new LinkedHashMap<>();
            for (ModelPlan plan : plans) {
                running.put(plan.model().name(), sideBySide.submit(() -> {
                    ModelRun run = new ModelRun(
                            plan.model(), folder(plan.model()), runId, files, lease, settings, spark, progress);
                    RunCounter.MODELS_RUNNING.add(1);
                    try (JobScope scope = JobScope.of(spark, plan.model().name())) {
                        return one(run, plan, spark, pace);
                    } finally {
                        RunCounter.MODELS_RUNNING.add(-1);
                        RunCounter.MODELS_DONE.add(1);
                        progress.ended(plan.model().name());
                    }
                }));
            }
            Map<String, ModelRun.Outcome> outcomes = new LinkedHashMap<>();
            for (Map.Entry<String, Future<ModelRun.Outcome>> entry : running.entrySet()) {
                outcomes.put(entry.getKey(), outcome(entry.getValue()));
            }
            return outcomes;
        } finally {
            // Only where a model ended with more than its own failure: the others stop too.
            sideBySide.shutdownNow();
        }
    }

    /** Models side by side share the cores. */
    private double coresOfAModel(JavaSparkContext spark, List<ModelPlan> plans) throws IOException {
        long toMake = plans.stream().filter(plan -> !plan.missing().isEmpty()).count();
        return ClusterCores.of(spark) / (double) Math.max(1, Math.min(toMake, manifest.modelsAtOnce()));
    }

    private ModelRun.Outcome one(ModelRun run, ModelPlan plan, JavaSparkContext spark, Pace pace) throws IOException {
        spark.setLocalProperty(POOL, plan.model().name());
        if (plan.failure().isPresent()) {
            return run.failed(plan.failure().get());
        }
        Instant begin = clock.instant();
        Optional<String> refusal =
                plan.missing().isEmpty() ? Optional.empty() : pace.refusal(plan.coreSeconds(), begin);
        if (refusal.isPresent()) {
            return run.notStarted(plan, refusal.get());
        }
        try {
            ModelRun.Outcome outcome = run.run(requests);
            if (run.didAllOf(plan)) {
                pace.measured(plan.coreSeconds(), Duration.between(begin, clock.instant()));
            }
            return outcome;
        } catch (LeaseException e) {
            throw e;
        } catch (IOException | RuntimeException e) {
            return run.failed(Failures.words(e));
        }
    }

    private static ModelRun.Outcome outcome(Future<ModelRun.Outcome> running) throws IOException {
        try {
            return running.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof IOException failure) {
                throw failure;
            }
            if (e.getCause() instanceof Error error) {
                throw error;
            }
            throw new IOException(Failures.words(e.getCause()), e);
        }
    }

    private NightResult result(String runId, Instant start, Map<String, ModelRun.Outcome> outcomes) {
        List<NightResult.Model> models = new ArrayList<>();
        for (ManifestModel model : manifest.models()) {
            ModelRun.Outcome outcome = outcomes.get(model.name());
            models.add(new NightResult.Model(
                    model.name(), model.location(), outcome.originalPerplexity(), outcome.rows()));
        }
        String version = Night.class.getPackage().getImplementationVersion();
        return new NightResult(runId, start, clock.instant(), manifest.file(), manifest.output(),
                version == null ? "(not packaged)" : version, models);
    }

    /** A card says which run made it: one whose outputs are as before stays. */
    private void publish(NightResult result, ManifestModel model, NightFiles files) throws IOException {
        NightResult.Model published = result.models().stream()
                .filter(found -> found.name().equals(model.name())).findFirst().orElseThrow();
        boolean changed = published.outputs().stream().anyMatch(row -> row.run().equals(result.run()));
        if (!changed && files.read(model.name() + "/README.md").isPresent()) {
            return;
        }
        try {
            PublishedCard.write(result, published, SourceCard.facts(model, settings), files);
        } catch (InvalidModelException e) {
            progress.line(model.name(), "warning: no card: " + Failures.words(e));
        }
    }
}
