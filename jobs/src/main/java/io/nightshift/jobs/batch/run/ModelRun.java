package io.nightshift.jobs.batch.run;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.jobs.batch.files.NightFiles;
import io.nightshift.jobs.batch.lease.Lease;
import io.nightshift.jobs.batch.lease.LeaseException;
import io.nightshift.jobs.batch.manifest.Gate;
import io.nightshift.jobs.batch.manifest.ManifestKey;
import io.nightshift.jobs.batch.manifest.ManifestModel;
import io.nightshift.jobs.batch.manifest.TargetRequest;
import io.nightshift.jobs.batch.report.ModelDetail;
import io.nightshift.jobs.batch.state.Checksums;
import io.nightshift.jobs.batch.state.OutputState;
import io.nightshift.jobs.batch.state.OutputState.Quality;
import io.nightshift.jobs.batch.state.OutputStatus;
import io.nightshift.jobs.evaluation.EvaluateJob;
import io.nightshift.jobs.evaluation.EvaluateRequest;
import io.nightshift.jobs.evaluation.EvaluateResult;
import io.nightshift.jobs.metrics.RunCounter;
import io.nightshift.jobs.quantize.OutputResult;
import io.nightshift.jobs.quantize.QuantizeJob;
import io.nightshift.jobs.quantize.QuantizeRequest;
import io.nightshift.jobs.quantize.QuantizeResult;
import io.nightshift.jobs.quantize.Target;
import io.nightshift.jobs.storage.HadoopSettings;
import io.nightshift.jobs.text.TextData;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import org.apache.spark.api.java.JavaSparkContext;

/** One model of a night: its outputs are made, evaluated, held against their gates, and entered in the state table. */
final class ModelRun {
    private final ManifestModel model;
    private final String output;
    private final String runId;
    private final NightFiles files;
    private final ModelRows rows;
    private final Lease lease;
    private final HadoopSettings settings;
    private final JavaSparkContext spark;
    private final ModelProgress progress;
    private final Map<TargetRequest, Made> made = new LinkedHashMap<>();
    private final List<ModelDetail.TensorErrors> errors = new ArrayList<>();
    private final Set<ModelDetail.Outlier> outliers = new LinkedHashSet<>();
    private final List<ModelDetail.SlowPart> slowest = new ArrayList<>();
    private ModelMemory memory;

    ModelRun(ManifestModel model, String output, String runId, NightFiles files, Lease lease, HadoopSettings settings,
            JavaSparkContext spark, NightProgress night) {
        this.model = model;
        this.output = output;
        this.runId = runId;
        this.files = files;
        this.rows = new ModelRows(model, runId, files);
        this.lease = lease;
        this.settings = settings;
        this.spark = spark;
        progress = new ModelProgress(model.name(), night, this::allowCommit);
    }

    /**
     * An output that is there.
     *
     * @param location the file or the folder
     * @param row as the state table has it
     */
    private record Made(String location, OutputState row) {}

    /**
     * What came of a model.
     *
     * @param rows one for each target, in the order of the manifest
     * @param originalPerplexity of the checkpoint, where outputs were evaluated
     */
    record Outcome(List<OutputState> rows, OptionalDouble originalPerplexity, ModelDetail detail) {}

    /**
     * Makes what is missing. What fails stands in the rows; of what is interrupted there is none.
     *
     * @throws LeaseException if the lease was lost: nothing more may be written
     * @throws IOException if the state cannot be read or written
     */
    Outcome run(Requests requests) throws IOException {
        lease.requireHeld();
        for (Requests.Part part : requests.of(model, output)) {
            make(part);
        }
        Map<TargetRequest, Quality> qualities = evaluate();
        for (TargetRequest request : model.targets()) {
            if (made.containsKey(request)) {
                finish(request, Optional.ofNullable(qualities.get(request)));
            }
        }
        return outcome();
    }

    /** All targets that have no row yet fail for the same reason. */
    Outcome failed(String why) throws IOException {
        lease.requireHeld();
        for (TargetRequest request : model.targets()) {
            if (!rows.isDone(request)) {
                fail(request, why);
            }
        }
        return outcome();
    }

    /** A model whose turn came too late: outputs of earlier runs stay, all others are not started. */
    Outcome notStarted(ModelPlan plan, String why) throws IOException {
        lease.requireHeld();
        boolean same = !model.isOn(ManifestKey.OVERWRITE) && ModelMemory.open(files, model, plan.source()).holds();
        for (ModelPlan.Output planned : plan.outputs()) {
            TargetRequest request = planned.request();
            Optional<OutputState> before = rows.find(request).filter(OutputState::isMade);
            // A plan finds no output whose statistics are still to be calibrated; its row goes before it is made again.
            if (before.isPresent() && (planned.found() || same && rows.isSealed(before.get()))) {
                rows.keep(request, before.get());
            } else {
                enter(request, rows.without(request, OutputStatus.NOT_STARTED, why));
            }
        }
        for (Map.Entry<TargetRequest, String> refused : plan.refused().entrySet()) {
            fail(refused.getKey(), refused.getValue());
        }
        return outcome();
    }

    /**
     * Whether this run did all that a plan's estimate counts, so that its time is one for that much: nothing failed, and
     * nothing was there already that the plan did not find.
     */
    boolean didAllOf(ModelPlan plan) {
        List<TargetRequest> missing = plan.missing();
        return missing.stream().map(rows::of)
                        .allMatch(row -> row.run().equals(runId) && row.status() != OutputStatus.FAILED)
                && progress.reused() == plan.outputs().size() - missing.size();
    }

    private Outcome outcome() {
        return new Outcome(rows.all(),
                memory == null ? OptionalDouble.empty() : memory.originalPerplexity(),
                new ModelDetail(model.name(), errors, List.copyOf(outliers), slowest));
    }

    /** Before a commit: whether this run may, and what an earlier one said of the output holds no longer. */
    private void allowCommit(String location) throws IOException {
        lease.requireHeld();
        rows.forget(name(location));
    }

    private String name(String location) {
        return model.name() + "/" + location.substring(location.lastIndexOf('/') + 1);
    }

    private void make(Requests.Part asked) throws IOException {
        Requests.Part part = asked;
        List<TargetRequest> wanted = new ArrayList<>(part.targets());
        try {
            Refusals planned = Refusals.of(asked, settings, progress);
            if (planned.job().isPresent()) {
                remember(planned.job().get());
            }
            for (Map.Entry<TargetRequest, String> refused : planned.refused().entrySet()) {
                fail(refused.getKey(), refused.getValue());
            }
            if (planned.part().isEmpty()) {
                return;
            }
            wanted.removeAll(planned.refused().keySet());
            part = planned.part().get();
            QuantizeJob job = planned.job().orElseThrow();
            List<Target> withheld = new ArrayList<>();
            for (int i = 0; i < part.targets().size(); i++) {
                if (staysWithheld(part.targets().get(i))) {
                    wanted.remove(part.targets().get(i));
                    withheld.add(part.request().targets().get(i));
                }
            }
            if (wanted.isEmpty()) {
                return;
            }
            QuantizeResult result = job.without(withheld).run(spark, progress,
                    (target, output) -> made(wanted.get(target), output));
            addOutliers(part.request(), result);
        } catch (LeaseException e) {
            throw e;
        } catch (IOException | RuntimeException e) {
            progress.requireUninterrupted();
            progress.line("failed: " + Failures.words(e));
            lease.requireHeld();
            afterFailure(part, wanted, Failures.words(e));
        }
    }

    /** The same statistics may serve several parts. A report without them is a report all the same. */
    private void addOutliers(QuantizeRequest request, QuantizeResult result) {
        try {
            outliers.addAll(Outliers.of(request, result, settings));
        } catch (IOException e) {
            progress.line("the report has no activation outliers: " + Failures.words(e));
        }
    }

    /** Outputs that were committed before the failure are there. */
    private void afterFailure(Requests.Part part, List<TargetRequest> wanted, String why) throws IOException {
        List<Optional<OutputResult>> found;
        try {
            QuantizeJob job = QuantizeJob.plan(part.request(), settings, progress);
            remember(job);
            found = job.found();
        } catch (IOException | InvalidModelException e) {
            found = part.targets().stream().map(target -> Optional.<OutputResult>empty()).toList();
        }
        for (int i = 0; i < part.targets().size(); i++) {
            TargetRequest request = part.targets().get(i);
            if (!wanted.contains(request) || made.containsKey(request)) {
                continue;
            }
            if (found.get(i).isPresent()) {
                made(request, found.get(i).get());
            } else {
                fail(request, why);
            }
        }
    }

    private void remember(QuantizeJob job) throws IOException {
        if (memory != null) {
            return;
        }
        memory = ModelMemory.open(files, model, job.model().source().files());
        if (!memory.holds()) {
            // The rows go first: what they say must not be taken for something of these settings.
            rows.forgetAll();
            memory.write();
        }
    }

    private boolean staysWithheld(TargetRequest request) throws IOException {
        Optional<OutputState> before = rows.find(request)
                .filter(row -> row.status() == OutputStatus.WITHHELD && row.quality().isPresent())
                .filter(row -> canBeJudged(request.gate()));
        if (before.isEmpty() || model.isOn(ManifestKey.OVERWRITE) || !request.gate().withhold()) {
            return false;
        }
        String failure = failure(request.gate(), before.get().quality().get());
        if (!failure.isEmpty()) {
            progress.line(request.target() + " stays withheld: " + failure);
            rows.keep(request, before.get());
        }
        return !failure.isEmpty();
    }

    /** An output is complete: its row says so from now on, and whether it is still to be evaluated. */
    private void made(TargetRequest request, OutputResult result) throws IOException {
        lease.requireHeld();
        String name = name(result.location());
        Optional<OutputState> before = rows.find(request)
                .filter(row -> result.skipped() && row.isMade() && row.name().equals(name));
        if (before.isPresent() && rows.isSealed(before.get())) {
            made.put(request, new Made(result.location(), before.get()));
            return;
        }
        OutputResult.Work work = result.work();
        Map<String, String> digests = Checksums.read(files, name);
        // That was one reading of the whole output.
        lease.requireHeld();
        Checksums.write(files, name, digests);
        OutputState row = new OutputState(runId, model.name(), request.target().text(),
                isEvaluated(request) ? OutputStatus.MADE : OutputStatus.COMPLETE, name, result.bytes(),
                work.seconds().sum() / work.outputs(), work.coreNanos() * 1e-9 / work.outputs(),
                OptionalDouble.of(result.bitsPerWeight()), Optional.empty(), digests, "");
        if (!result.tensors().isEmpty()) {
            errors.add(new ModelDetail.TensorErrors(request.target().text(), result.tensors().stream()
                    .map(tensor -> new ModelDetail.TensorError(tensor.name(), tensor.relativeError())).toList()));
            slowest.add(new ModelDetail.SlowPart("making", request.target().text(), row.coreSeconds()));
        }
        rows.write(row);
        made.put(request, new Made(result.location(), row));
        if (!isEvaluated(request)) {
            done(request, row);
        }
    }

    private boolean isEvaluated(TargetRequest request) {
        return model.isEvaluated() && request.target().predicts();
    }

    /** Measures what no earlier run measured; where that fails, the outputs have a row that says so. */
    private Map<TargetRequest, Quality> evaluate() throws IOException {
        Map<TargetRequest, Quality> qualities = new LinkedHashMap<>();
        List<TargetRequest> asked = new ArrayList<>();
        made.forEach((request, output) -> {
            Optional<Quality> known = output.row().quality().filter(quality -> canBeJudged(request.gate()));
            known.ifPresent(quality -> qualities.put(request, quality));
            if (known.isEmpty() && isEvaluated(request)) {
                asked.add(request);
            }
        });
        if (asked.isEmpty()) {
            return qualities;
        }
        lease.requireHeld();
        progress.phase("evaluating " + asked.size() + (asked.size() == 1 ? " output" : " outputs"));
        try {
            EvaluateResult result = EvaluateJob.plan(evaluation(asked), settings, progress).run(spark);
            lease.requireHeld();
            // Before the rows: what they say is worth nothing to a later run without it.
            memory.originalPerplexity(result.original().perplexity());
            memory.write();
            for (int i = 0; i < asked.size(); i++) {
                EvaluateResult.Score score = result.quantized().get(i);
                qualities.put(asked.get(i), new Quality(score.meanDivergence(), score.meanDivergenceError(),
                        score.divergence999(), score.sameTop(), score.perplexity(), score.perplexityError()));
            }
        } catch (IOException | RuntimeException e) {
            lease.requireHeld();
            for (TargetRequest request : asked) {
                fail(request, "made, but not evaluated: " + Failures.words(e));
            }
        }
        return qualities;
    }

    private EvaluateRequest evaluation(List<TargetRequest> asked) {
        return new EvaluateRequest(
                model.location(),
                asked.stream().map(request -> made.get(request).location()).toList(),
                TextData.of(model.values(ManifestKey.EVALUATION), model.values(ManifestKey.TEXT_COLUMN).stream().findFirst(),
                        OptionalLong.empty(), model.isOn(ManifestKey.CHAT)),
                model.values(ManifestKey.CONTEXT).stream().mapToInt(Integer::parseInt).findFirst(),
                model.values(ManifestKey.CHUNKS).stream().findFirst()
                        .map(chunks -> OptionalInt.of(Integer.parseInt(chunks))).orElse(OptionalInt.empty()),
                model.values(ManifestKey.PRE_TOKENIZER).stream().findFirst(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty());
    }

    /** Whether it is known what a quality has to be compared with: a run may have ended before it was written. */
    private boolean canBeJudged(Gate gate) {
        return gate.maxPerplexityIncrease().isEmpty() || memory.originalPerplexity().isPresent();
    }

    private String failure(Gate gate, Quality quality) {
        return gate.isPresent() ? gate.failure(quality.meanDivergence(), quality.perplexity(),
                memory.originalPerplexity().orElse(Double.NaN)) : "";
    }

    /** Gate and row; what is withheld goes. */
    private void finish(TargetRequest request, Optional<Quality> quality) throws IOException {
        lease.requireHeld();
        OutputState row = made.get(request).row();
        String failure = quality.map(measured -> failure(request.gate(), measured)).orElse("");
        boolean withheld = !failure.isEmpty() && request.gate().withhold();
        OutputStatus status = failure.isEmpty() ? OutputStatus.COMPLETE
                : withheld ? OutputStatus.WITHHELD : OutputStatus.OVER_GATE;
        if (row.status() == status && row.error().equals(failure) && row.quality().equals(quality)) {
            rows.keep(request, row);
            return;
        }
        if (withheld) {
            files.delete(row.name() + Checksums.END);
            files.delete(request.target().isFile() ? row.name() : row.name() + "/config.json");
        }
        OutputState judged = row.with(runId, status, quality, failure);
        enter(request, withheld ? judged.withoutFiles() : judged);
    }

    /** An output that is there keeps its figures. */
    private void fail(TargetRequest request, String why) throws IOException {
        progress.requireUninterrupted();
        Made output = made.remove(request);
        enter(request, output == null ? rows.without(request, OutputStatus.FAILED, why)
                : output.row().with(runId, OutputStatus.FAILED, Optional.empty(), why));
    }

    private void enter(TargetRequest request, OutputState row) throws IOException {
        rows.write(row);
        done(request, row);
    }

    private void done(TargetRequest request, OutputState row) {
        rows.keep(request, row);
        (row.status().isThere() ? RunCounter.OUTPUTS_COMPLETE : RunCounter.OUTPUTS_FAILED).add(1);
        progress.line(request.target() + " " + row.status().words()
                + (row.error().isEmpty() ? "" : ": " + row.error()));
    }
}
