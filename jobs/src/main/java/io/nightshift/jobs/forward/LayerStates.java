package io.nightshift.jobs.forward;

import io.nightshift.formats.forward.ActivationObserver;
import io.nightshift.jobs.tasks.WorkFiles;
import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;

/**
 * The hidden states of a few sequences before each layer of a model, in a run's work folder: 4 bytes a token, channel and
 * layer.
 *
 * @param model the model
 * @param before the states before each layer
 */
public record LayerStates(ModelReference model, List<StoredStates> before) implements Serializable {
    /**
     * Runs the model, a Spark job a layer and a task a sequence.
     *
     * @param sequences token ids, all of the same length
     * @throws io.nightshift.formats.InvalidModelException if the model's weights cannot be used
     * @throws IOException if a task failed again and again
     */
    public static LayerStates run(JavaSparkContext spark, ModelReference model, List<int[]> sequences, WorkFiles files)
            throws IOException {
        List<SequenceGroup> groups = SequenceGroup.cut(sequences, sequences.size());
        List<StoredStates> before = new ArrayList<>();
        JavaRDD<HiddenStates> states = spark.parallelize(groups, groups.size()).map(group -> GroupPass.embed(model, group));
        for (int i = 0; i < model.model().layers(); i++) {
            int layer = i;
            before.add(StoredStates.write(spark, states, files, "before-layer-" + layer));
            states = before.get(layer).read(spark)
                    .map(read -> GroupPass.layer(model, layer, read, ActivationObserver.NONE).states());
        }
        return new LayerStates(model, List.copyOf(before));
    }
}
