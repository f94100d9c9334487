package io.nightshift.jobs.quantize;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.architecture.LinearLayer;
import io.nightshift.formats.layout.Item;
import io.nightshift.formats.storage.ModelFolder;
import io.nightshift.jobs.rounding.Factors;
import io.nightshift.jobs.rounding.InputMatrices;
import io.nightshift.jobs.rounding.LinearRows;
import io.nightshift.jobs.rounding.RowFolding;
import io.nightshift.jobs.rounding.ScaledInput;
import io.nightshift.jobs.storage.FolderReference;
import io.nightshift.jobs.tasks.KeptTasks;
import io.nightshift.jobs.tasks.TaskRun;
import io.nightshift.jobs.tasks.TaskWorkers;
import io.nightshift.kernels.encoding.RowEncoding;
import io.nightshift.kernels.encoding.SharedEncoding;
import io.nightshift.kernels.parallel.Workers;
import io.nightshift.kernels.rounding.FeedbackFactor;
import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.api.java.JavaSparkContext;

/**
 * Settles what the rows of linear layers share, where an encoding has such a thing: a Spark task a layer, before its rows are
 * rounded in any tasks. Memory of a task: {@value #WEIGHTS_AT_ONCE} weights three times, besides what {@link InputMatrices}
 * shares among tasks. A layer of more weights is read once a pass.
 */
final class SettlePhase {
    private static final int WEIGHTS_AT_ONCE = 4 << 20;

    private SettlePhase() {}

    /** A layer with all that a task needs. */
    private record Unsettled(LinearLayer linear, SharedEncoding encoding, RowFolding folding, ScaledInput input)
            implements Serializable {}

    /**
     * Settles layers of an output.
     *
     * @param gathered the layers
     * @return encodings by module; none where nothing has to be settled
     * @throws InvalidModelException if weights cannot be used
     * @throws IOException if a task failed again and again
     */
    static Map<String, RowEncoding> run(JavaSparkContext spark, PreparedOutput output, List<Item.Gathered> gathered,
            FolderReference source, Factors factors) throws IOException {
        List<Unsettled> layers = new ArrayList<>();
        for (Item.Gathered layer : gathered) {
            if (layer.encoding() instanceof SharedEncoding encoding) {
                layers.add(new Unsettled(layer.linear(), encoding, output.foldings().ofLinear(layer.linear()),
                        output.inputs().get(layer.linear().module())));
            }
        }
        if (layers.isEmpty()) {
            return Map.of();
        }
        layers.sort(Comparator.comparing((Unsettled layer) -> -layer.linear().inputs() * layer.linear().outputs())
                .thenComparing(layer -> layer.input().name()));
        KeptTasks<RowEncoding> tasks = KeptTasks.find(spark, output.kept(),
                layers.stream().map(layer -> name(layer.linear())).toList(), RowEncoding.class);
        List<RowEncoding> found = tasks.run(new TaskRun(spark, "settling scales of " + output.name()), layers, layer -> {
            try (Workers workers = TaskWorkers.open()) {
                return settle(layer, source.open(), factors, workers);
            }
        });
        Map<String, RowEncoding> settled = new HashMap<>();
        for (int i = 0; i < found.size(); i++) {
            settled.put(layers.get(i).linear().module(), found.get(i));
        }
        return settled;
    }

    /** The name that a layer's settled encoding is kept under. */
    static String name(LinearLayer linear) {
        return "settled-" + linear.module();
    }

    private static RowEncoding settle(Unsettled layer, ModelFolder source, Factors factors, Workers workers)
            throws IOException {
        LinearRows reader = new LinearRows(source);
        int columns = Math.toIntExact(layer.linear().inputs());
        long outputs = layer.linear().outputs();
        long atOnce = Math.max(1, WEIGHTS_AT_ONCE / columns);
        float[] whole = outputs <= atOnce ? read(layer, reader, 0, outputs) : null;
        SharedEncoding.Rows rows = action -> {
            for (long row = 0; row < outputs; row += atOnce) {
                long end = Math.min(outputs, row + atOnce);
                action.apply(whole == null ? read(layer, reader, row, end) : whole, (int) (end - row));
            }
        };
        return InputMatrices.of(factors).with(factors, layer.input(), workers,
                matrices -> settled(layer.linear(), layer.encoding(), rows, matrices.factor(), workers));
    }

    /**
     * Settles a layer.
     *
     * @param rows all of its rows, or those that stand for them
     * @throws InvalidModelException if weights are too large for the format
     * @throws IOException if rows cannot be read
     */
    static RowEncoding settled(LinearLayer linear, SharedEncoding encoding, SharedEncoding.Rows rows, FeedbackFactor factor,
            Workers workers) throws IOException {
        try {
            return encoding.settle(rows, factor, workers);
        } catch (IllegalArgumentException e) {
            throw new InvalidModelException(linear.weight() + ": " + e.getMessage(), e);
        }
    }

    private static float[] read(Unsettled layer, LinearRows reader, long row, long end) throws IOException {
        float[] weights = reader.read(layer.linear().source(), row, end);
        return layer.folding().apply(weights, row, (int) (end - row), Math.toIntExact(layer.linear().inputs()));
    }
}
