package io.nightshift.jobs.forward;

import io.nightshift.formats.forward.ActivationObserver;
import io.nightshift.formats.forward.CarriedStates;
import io.nightshift.jobs.tasks.WorkFiles;
import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;

/**
 * The hidden states of a few sequences before each layer of a model and behind its last one, in a run's work folder: 4 bytes a
 * token, channel and layer.
 *
 * @param model the model
 * @param sequences token ids, all of the same length
 * @param before the states before each layer, a file a sequence; those behind the last layer at the end
 */
public record LayerStates(ModelReference model, List<int[]> sequences, List<StoredStates> before) implements Serializable {
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
        // The folders of several samples of a text differ.
        String folder = "states-of-" + sequences.size() + "x" + sequences.get(0).length + "-before-";
        for (int i = 0; i < model.model().layers(); i++) {
            int layer = i;
            before.add(StoredStates.write(spark, states, files, folder + layer));
            states = before.get(layer).read(spark)
                    .map(read -> GroupPass.layer(model, layer, read, ActivationObserver.NONE).states());
        }
        before.add(StoredStates.write(spark, states, files, folder + "output"));
        return new LayerStates(model, List.copyOf(sequences), List.copyOf(before));
    }

    /** Tokens of all sequences. */
    public int tokens() {
        return sequences.stream().mapToInt(sequence -> sequence.length).sum();
    }

    /**
     * All sequences before a layer, within a task.
     *
     * @param layer the layer, or their number for the states behind the last one
     * @throws IOException if they cannot be read
     */
    public HiddenStates all(int layer) throws IOException {
        List<HiddenStates> each = before.get(layer).load();
        int size = each.get(0).values().length;
        float[] values = new float[Math.multiplyExact(size, each.size())];
        for (int i = 0; i < each.size(); i++) {
            System.arraycopy(each.get(i).values(), 0, values, i * size, size);
        }
        return new HiddenStates(0, each.get(0).sequenceLength(), values,
                CarriedStates.joined(each.stream().map(HiddenStates::carried).toList()));
    }
}
