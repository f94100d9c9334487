package io.nightshift.jobs.quantize;

import io.nightshift.formats.forward.DecoderLayer;
import io.nightshift.jobs.forward.GroupPass;
import io.nightshift.jobs.forward.HiddenStates;
import io.nightshift.jobs.forward.ModelReference;
import io.nightshift.jobs.forward.ModelStep;
import io.nightshift.jobs.tasks.FloatFiles;
import io.nightshift.jobs.tasks.RunCache;
import io.nightshift.jobs.tasks.WorkFiles;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Half a layer with rounded weights, which tasks left as files of the run's work folder.
 *
 * <p>Memory: 4 bytes a weight of the half, shared by the tasks of an executor, and twice that while they are read; what {@link
 * GroupPass} needs for each task.
 *
 * @param model the model
 * @param half which half
 * @param name unlike that of any other of the run
 * @param tensors those that are rounded; others are the model's
 */
record RoundedHalf(ModelReference model, ModelStep.Half half, String name, WorkFiles files, List<Tensor> tensors)
        implements Serializable {
    private static final RunCache<Held> OF_RUNS = new RunCache<>(Held::new);

    /**
     * A tensor as the forward pass has it.
     *
     * @param tensor its name in GGUF
     * @param experts for each expert its rows, one block after another; a single one where there are none
     */
    record Tensor(String tensor, List<List<Block>> experts) implements Serializable {}

    /** A file of rows: rounded, as a reader sees them, with all scales taken back. */
    record Block(String file, int weights) implements Serializable {}

    /** The last half that was asked for. */
    private static final class Held {
        private String name;
        private DecoderLayer layer;

        synchronized DecoderLayer layer(RoundedHalf half) throws IOException {
            if (!half.name.equals(name)) {
                layer = null;
                layer = half.load();
                name = half.name;
            }
            return layer;
        }
    }

    /** Writes rows, within a task. */
    static Block write(WorkFiles files, String file, float[] weights) throws IOException {
        try (var out = files.write(file)) {
            FloatFiles.write(out, weights);
        }
        return new Block(file, weights.length);
    }

    /** What the half makes of hidden states. */
    HiddenStates run(HiddenStates states) throws IOException {
        return GroupPass.half(model, OF_RUNS.of(model.run()).layer(this), half.half(), states);
    }

    private DecoderLayer load() throws IOException {
        Map<String, List<float[]>> replaced = new TreeMap<>();
        for (Tensor tensor : tensors) {
            List<float[]> experts = new ArrayList<>();
            for (List<Block> blocks : tensor.experts()) {
                experts.add(read(blocks));
            }
            if (experts.size() == 1) {
                model.model().tensors().apart(tensor.tensor(), experts.get(0))
                        .forEach((name, rows) -> replaced.put(name, List.of(rows)));
            } else {
                replaced.put(tensor.tensor(), experts);
            }
        }
        return GroupPass.replaced(model, half.layer(), half.half(), replaced);
    }

    private float[] read(List<Block> blocks) throws IOException {
        float[] weights = new float[blocks.stream().mapToInt(Block::weights).reduce(0, Math::addExact)];
        int at = 0;
        for (Block block : blocks) {
            try (DataInputStream in = files.read(block.file())) {
                FloatFiles.read(in, weights, at, block.weights());
            }
            at += block.weights();
        }
        return weights;
    }
}
