package io.nightshift.jobs.evaluation;

import io.nightshift.formats.forward.ActivationObserver;
import io.nightshift.jobs.forward.GroupPass;
import io.nightshift.jobs.forward.HiddenStates;
import io.nightshift.jobs.forward.LayerWork;
import io.nightshift.jobs.forward.ModelReference;
import io.nightshift.jobs.forward.SequenceGroup;
import io.nightshift.jobs.tasks.SharedFolderCheck;
import io.nightshift.jobs.tasks.StageResources;
import io.nightshift.jobs.tasks.TaskRun;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
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
    public Pass run(JavaSparkContext spark, Broadcast<ScoredGroup[]> groups, StageResources resources,
            EvaluateProgress progress) throws IOException {
        ModelReference model = this.model;
        List<SequenceGroup> sequences = Arrays.stream(groups.value()).map(ScoredGroup::group).toList();
        JavaRDD<GroupPass.Result> results = spark.parallelize(sequences, sequences.size())
                .map(group -> new GroupPass.Result(GroupPass.embed(model, group), null));
        int layers = model.model().layers();
        long bytesRead = 0;
        for (int i = 0; i <= layers; i++) {
            long start = System.nanoTime();
            int layer = i;
            JavaRDD<GroupPass.Result> next = resources.askedFor(results.map(result -> layer < layers
                            ? GroupPass.layer(model, layer, result.states(), ActivationObserver.NONE)
                            : GroupPass.normalize(model, scored(result.states(), groups), ActivationObserver.NONE)))
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
    private static HiddenStates scored(HiddenStates states, Broadcast<ScoredGroup[]> groups) {
        ScoredGroup group = groups.value()[states.group()];
        int tokens = group.group().sequences().size() * states.sequenceLength();
        int size = states.values().length / tokens;
        float[] rows = group.rows(states.values(), size);
        return HiddenStates.last(states.group(), rows.length / size, rows);
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
