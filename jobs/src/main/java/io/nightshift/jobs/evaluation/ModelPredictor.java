package io.nightshift.jobs.evaluation;

import io.nightshift.formats.forward.ActivationObserver;
import io.nightshift.formats.logits.BaseLogits;
import io.nightshift.jobs.forward.GroupPass;
import io.nightshift.jobs.forward.HiddenStates;
import io.nightshift.jobs.forward.LayerWork;
import io.nightshift.jobs.forward.ModelReference;
import io.nightshift.jobs.forward.SequenceGroup;
import io.nightshift.jobs.tasks.SharedFolderCheck;
import io.nightshift.jobs.tasks.TaskRun;
import java.io.IOException;
import java.util.List;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.storage.StorageLevel;

/** A model that is run: its normalized hidden states of the scored tokens, persisted; an executor reads each layer once. */
record ModelPredictor(ModelReference model) implements Predictor {
    @Override
    public String location() {
        return model.location();
    }

    @Override
    public void requireSeen(JavaSparkContext spark) throws IOException {
        String file = model.isFolder() ? "config.json" : model.file();
        SharedFolderCheck.requireSeen(model.folder().location(), file, spark);
    }

    @Override
    public Pass run(JavaSparkContext spark, SequenceGroup[] groups, EvaluateProgress progress) throws IOException {
        ModelReference model = this.model;
        JavaRDD<GroupPass.Result> results = spark.parallelize(List.of(groups), groups.length)
                .map(group -> new GroupPass.Result(GroupPass.embed(model, group), null));
        int layers = model.model().layers();
        long bytesRead = 0;
        for (int i = 0; i <= layers; i++) {
            long start = System.nanoTime();
            int layer = i;
            JavaRDD<GroupPass.Result> next = results
                    .map(result -> layer < layers
                            ? GroupPass.layer(model, layer, result.states(), ActivationObserver.NONE)
                            : GroupPass.normalize(model, scored(result.states(), model), ActivationObserver.NONE))
                    .persist(StorageLevel.MEMORY_AND_DISK());
            List<LayerWork> work;
            try {
                work = new TaskRun(spark, model.location() + ", layer " + layer)
                        .run(next, (group, given, attempt) -> given.next().work());
            } catch (Exception e) { // Scala throws checked exceptions without saying so.
                next.unpersist();
                throw e;
            } finally {
                results.unpersist();
            }
            results = next;
            bytesRead += work.stream().mapToLong(LayerWork::bytesRead).sum();
            long tokens = work.stream().mapToLong(LayerWork::tokens).sum();
            if (layer < layers) {
                progress.layer(layer, layers, tokens, (System.nanoTime() - start) * 1e-9);
            }
        }
        return new StatesPass(model, results, bytesRead);
    }

    /** The states of the scored tokens alone. */
    private static HiddenStates scored(HiddenStates states, ModelReference model) {
        int size = model.model().hiddenSize();
        int context = states.sequenceLength();
        int perChunk = BaseLogits.scored(context);
        int chunks = states.values().length / (context * size);
        float[] values = new float[chunks * perChunk * size];
        for (int i = 0; i < chunks; i++) {
            System.arraycopy(
                    states.values(), (i * context + context / 2) * size, values, i * perChunk * size, perChunk * size);
        }
        return new HiddenStates(states.group(), perChunk, values);
    }

    private record StatesPass(ModelReference model, JavaRDD<GroupPass.Result> results, long bytesRead) implements Pass {
        @Override
        public JavaRDD<GroupPredictions> predictions() {
            ModelReference model = this.model;
            return results.map(result -> new GroupPredictions.OfModel(model, result.states()));
        }

        /** Drops the states. */
        @Override
        public void close() {
            results.unpersist();
        }
    }
}
