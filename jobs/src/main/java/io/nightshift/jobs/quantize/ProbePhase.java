package io.nightshift.jobs.quantize;

import io.nightshift.formats.architecture.LinearLayer;
import io.nightshift.formats.forward.ActivationObserver;
import io.nightshift.formats.forward.DecoderLayer;
import io.nightshift.formats.forward.LayerHalf;
import io.nightshift.jobs.forward.GroupPass;
import io.nightshift.jobs.forward.HeadDivergence;
import io.nightshift.jobs.forward.HiddenStates;
import io.nightshift.jobs.forward.LayerStates;
import io.nightshift.jobs.forward.ModelReference;
import io.nightshift.jobs.forward.ModelStep;
import io.nightshift.jobs.forward.RoundedMatrix;
import io.nightshift.jobs.forward.SequenceGroup;
import io.nightshift.jobs.forward.StoredStates;
import io.nightshift.jobs.rounding.Factors;
import io.nightshift.jobs.storage.FolderReference;
import io.nightshift.jobs.tasks.KeptTasks;
import io.nightshift.jobs.tasks.TaskRun;
import io.nightshift.jobs.tasks.TaskWorkers;
import io.nightshift.jobs.tasks.WorkFiles;
import io.nightshift.kernels.encoding.Metric;
import io.nightshift.kernels.encoding.RowCoder;
import io.nightshift.kernels.parallel.Workers;
import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;

/**
 * Tries what the rounding of one unit does to the model's predictions: for each probe the mean divergence over a few short
 * pieces of text. A probe begins at its own layer, with the model's own states before that; all go on together, a Spark job
 * a layer and a task a probe, so that an executor reads each layer once.
 *
 * <p>Memory of a task: the states three times, the forward pass of their tokens, and where it begins 12 bytes for each of the
 * unit's weights. Files: the states of each probe, 4 bytes a token and channel.
 */
final class ProbePhase {
    /** What tasks need of the run. */
    private record Run(LayerStates states, FolderReference source, Factors factors) implements Serializable {
        ModelReference model() {
            return states.model();
        }
    }

    /** A probe before a layer: the name of its states, or null where it has not begun. */
    private record Step(Probe probe, String states) implements Serializable {}

    private final JavaSparkContext spark;
    private final String description;
    private final Run run;
    private final WorkFiles work;

    /** @param states of the model; null where all is done */
    ProbePhase(JavaSparkContext spark, String target, LayerStates states, FolderReference source, Factors factors,
            WorkFiles work) {
        this.spark = spark;
        this.description = "probing for " + target;
        this.run = new Run(states, source, factors);
        this.work = work;
    }

    /**
     * Runs probes.
     *
     * @param tasks one for each probe, of which some may be done
     * @return the divergence of each
     * @throws io.nightshift.formats.InvalidModelException if weights cannot be used
     * @throws IOException if a task failed again and again
     */
    List<Double> divergences(List<Probe> probes, KeptTasks<Double> tasks) throws IOException {
        Step[] steps = probes.stream().map(probe -> new Step(probe, null)).toArray(Step[]::new);
        StoredStates before = null;
        int layers = tasks.areDone() ? 0 : run.model().model().layers();
        for (int layer = 0; layer < layers; layer++) {
            StoredStates behind = through(layer, steps);
            if (before != null && behind != null) {
                before.delete();
            }
            before = behind;
        }
        Run shared = run;
        WorkFiles files = work;
        List<Double> divergences =
                tasks.run(new TaskRun(spark, description), Arrays.asList(steps), step -> predict(step, shared, files));
        if (before != null) {
            before.delete();
        }
        return divergences;
    }

    /** Runs the probes that are in a layer, or before it, through it; null where there are none. */
    private StoredStates through(int layer, Step[] steps) throws IOException {
        List<Integer> active = new ArrayList<>();
        List<Step> ready = new ArrayList<>();
        for (int i = 0; i < steps.length; i++) {
            Probe probe = steps[i].probe();
            if (steps[i].states() != null || probe.layer() == layer || layer == 0 && probe.isEmbedding()) {
                active.add(i);
                ready.add(steps[i]);
            }
        }
        if (active.isEmpty()) {
            return null;
        }
        Run shared = run;
        WorkFiles files = work;
        JavaRDD<HiddenStates> states = spark.parallelize(ready, ready.size())
                .map(step -> step.states() == null
                        ? begin(step.probe(), shared)
                        : GroupPass.layer(shared.model(), layer, StoredStates.read(files, step.states()),
                                ActivationObserver.NONE).states());
        StoredStates behind = StoredStates.write(spark, states, work, "probes-behind-" + layer);
        for (int i = 0; i < active.size(); i++) {
            steps[active.get(i)] = new Step(ready.get(i).probe(), behind.names().get(i));
        }
        return behind;
    }

    /** Runs a probe through the layer that it begins in. */
    private static HiddenStates begin(Probe probe, Run run) throws IOException {
        ModelReference model = run.model();
        if (probe.isEmbedding()) {
            return GroupPass.layer(model, 0, embedded(probe, run), ActivationObserver.NONE).states();
        }
        int layer = probe.layer();
        LayerHalf half = LayerHalf.of(probe.unit().unit().linears().get(0).role());
        DecoderLayer rounded;
        try (Workers workers = TaskWorkers.open()) {
            Map<String, List<float[]>> replaced =
                    layers(probe, run, workers).replaced(probe.unit().unit().choices().get(probe.choice()));
            rounded = GroupPass.replaced(model, layer, half, replaced);
        }
        HiddenStates states = run.states().all(layer);
        for (LayerHalf each : LayerHalf.values()) {
            states = each == half
                    ? GroupPass.half(model, rounded, half, states)
                    : GroupPass.step(model, new ModelStep.Half(layer, each), states, ActivationObserver.NONE).states();
        }
        return states;
    }

    private static HiddenStates embedded(Probe probe, Run run) throws IOException {
        SequenceGroup sequences = new SequenceGroup(0, run.states().sequences());
        if (!probe.isMeasured()) {
            return GroupPass.embed(run.model(), embedding(probe), sequences);
        }
        try (Workers workers = TaskWorkers.open()) {
            return layers(probe, run, workers)
                    .rounded(probe.encoding(), matrix -> GroupPass.embed(run.model(), matrix, sequences));
        }
    }

    /** The layers of a probe, of which none is sampled. */
    private static MeasuredLayers layers(Probe probe, Run run, Workers workers) throws IOException {
        return new MeasuredLayers(probe.unit(), 0, run.source().open(), run.factors(), run.states(), workers);
    }

    private static RoundedMatrix embedding(Probe probe) {
        RowCoder coder = probe.encoding().coder();
        return new RoundedMatrix(probe.unit().unit().name(), (weights, first, rows) -> {
            float[] rounded = new float[weights.length];
            coder.roundTrip(weights, 0, rows, weights.length / rows, Metric.NONE, rounded);
            return rounded;
        });
    }

    /** The divergence of a probe that is behind the last layer. */
    private static double predict(Step step, Run run, WorkFiles files) throws IOException {
        Probe probe = step.probe();
        ModelReference model = run.model();
        HiddenStates original = run.states().all(model.model().layers());
        HiddenStates states = step.states() == null ? original : StoredStates.read(files, step.states());
        try (Workers workers = TaskWorkers.open()) {
            if (!probe.changesOutput()) {
                return HeadDivergence.mean(model, original, states, Optional.empty(), workers);
            }
            if (!probe.isMeasured()) {
                return HeadDivergence.mean(model, original, states, Optional.of(embedding(probe)), workers);
            }
            return layers(probe, run, workers).rounded(probe.encoding(), output ->
                    HeadDivergence.mean(model, original, states, Optional.of(output), workers));
        }
    }
}
