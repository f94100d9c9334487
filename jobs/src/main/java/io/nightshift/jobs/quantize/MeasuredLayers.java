package io.nightshift.jobs.quantize;

import io.nightshift.formats.architecture.LinearLayer;
import io.nightshift.formats.forward.LayerHalf;
import io.nightshift.formats.storage.ModelFolder;
import io.nightshift.jobs.forward.HalfLayer;
import io.nightshift.jobs.forward.LayerStates;
import io.nightshift.jobs.forward.RoundedMatrix;
import io.nightshift.jobs.quantize.MeasurePhase.Measured;
import io.nightshift.jobs.rounding.Factors;
import io.nightshift.jobs.rounding.InputMatrices;
import io.nightshift.jobs.rounding.LinearRounder;
import io.nightshift.jobs.rounding.LinearRows;
import io.nightshift.kernels.encoding.Metric;
import io.nightshift.kernels.encoding.RowEncoding;
import io.nightshift.kernels.encoding.SharedEncoding;
import io.nightshift.kernels.parallel.Workers;
import io.nightshift.kernels.rounding.FeedbackFactor;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The layers of a unit, within a task that measures.
 *
 * <p>Memory for losses: the sampled rows of each layer, eight times. To run half a layer: 12 bytes for each of the unit's
 * weights, 100 MB, and what {@link HalfLayer} needs.
 */
final class MeasuredLayers implements Measure.Inputs {
    /** Weights that are read or rounded at once, about. */
    private static final int WEIGHTS_AT_ONCE = 4 << 20;

    private final Measured measured;
    private final int sampled;
    private final LinearRows reader;
    private final Factors factors;
    private final LayerStates states;
    private final LinearRounder rounder;
    private final Workers workers;
    private final Map<String, LinearRounder.Rows> samples = new HashMap<>();
    private final Map<String, List<LinearRounder.Rows>> whole = new HashMap<>();
    private final Map<List<Object>, Double> losses = new HashMap<>();
    private final Map<String, Rounded> rounded = new HashMap<>();
    private HalfLayer ofHalf;

    /** What a layer became last. */
    private record Rounded(RowEncoding encoding, float[] weights) {}

    /**
     * The layers of a unit.
     *
     * @param sampled rows of a layer that are looked at for its loss, evenly spread
     * @param states of the model; null where it is not run
     */
    MeasuredLayers(Measured measured, int sampled, ModelFolder source, Factors factors, LayerStates states,
            Workers workers) {
        this.measured = measured;
        this.sampled = sampled;
        this.reader = new LinearRows(source);
        this.factors = factors;
        this.states = states;
        this.workers = workers;
        this.rounder = new LinearRounder(workers);
    }

    @Override
    public double loss(LinearLayer linear, RowEncoding encoding) throws IOException {
        // Choices differ in some layers only.
        List<Object> key = List.of(linear.module(), encoding);
        if (!losses.containsKey(key)) {
            int index = measured.unit().linears().indexOf(linear);
            if (!samples.containsKey(linear.module())) {
                samples.put(linear.module(), sample(index));
            }
            // What rows share is taken from the sample: nothing is written of it.
            LinearRounder.Rows rows = samples.get(linear.module());
            float[] folded = rows.folding().apply(rows.weights(), 0, rows.count(), rows.columns());
            losses.put(key, InputMatrices.of(factors).with(factors, measured.inputs().get(index), workers, matrices ->
                    rounder.relativeLoss(rows, settled(linear, encoding, action -> action.apply(folded, rows.count()),
                            matrices.factor()), matrices)));
        }
        return losses.get(key);
    }

    private RowEncoding settled(LinearLayer linear, RowEncoding encoding, SharedEncoding.Rows rows, FeedbackFactor factor)
            throws IOException {
        return encoding instanceof SharedEncoding shared
                ? SettlePhase.settled(linear, shared, rows, factor, workers)
                : encoding;
    }

    private LinearRounder.Rows sample(int index) throws IOException {
        LinearLayer linear = measured.unit().linears().get(index);
        int columns = Math.toIntExact(linear.inputs());
        int outputs = Math.toIntExact(linear.outputs());
        int[] rows = new int[Math.min(sampled, outputs)];
        for (int i = 0; i < rows.length; i++) {
            rows[i] = (int) ((long) i * outputs / rows.length);
        }
        float[] weights = new float[rows.length * columns];
        int atOnce = Math.max(1, WEIGHTS_AT_ONCE / columns);
        int taken = 0;
        for (int from = 0; from < outputs; from += atOnce) {
            int to = Math.min(outputs, from + atOnce);
            float[] block = reader.read(linear.source(), from, to);
            for (; taken < rows.length && rows[taken] < to; taken++) {
                System.arraycopy(block, (rows[taken] - from) * columns, weights, taken * columns, columns);
            }
        }
        return new LinearRounder.Rows(linear.module(), weights, 0, rows.length, columns, rows.length,
                measured.foldings().get(index).ofRows(rows), Metric.NONE);
    }

    @Override
    public double outputError(LayerHalf half, Choice choice) throws IOException {
        if (ofHalf == null) {
            ofHalf = HalfLayer.of(states, measured.unit().linears().get(0).layer(), half, workers);
        }
        return ofHalf.error(replaced(choice), workers);
    }

    /** What the unit's tensors become, by their names in GGUF. */
    Map<String, List<float[]>> replaced(Choice choice) throws IOException {
        Map<String, List<float[]>> replaced = new TreeMap<>();
        for (int i = 0; i < measured.unit().linears().size(); i++) {
            LinearLayer linear = measured.unit().linears().get(i);
            replaced.computeIfAbsent(linear.tensor(), tensor -> new ArrayList<>())
                    .add(rounded(i, choice.encodings().get(i)));
        }
        return replaced;
    }

    /** Does something with a rounded matrix. */
    interface Action<T> {
        /** @throws IOException if something cannot be read */
        T apply(RoundedMatrix matrix) throws IOException;
    }

    /**
     * The only layer of the unit, its rows rounded as they are read.
     *
     * @param encoding one whose rows share nothing
     */
    <T> T rounded(RowEncoding encoding, Action<T> action) throws IOException {
        LinearLayer linear = measured.unit().linears().get(0);
        int columns = Math.toIntExact(linear.inputs());
        return InputMatrices.of(factors).with(factors, measured.inputs().get(0), workers, matrices ->
                action.apply(new RoundedMatrix(linear.tensor(), (weights, first, rows) -> rounder.rounded(
                        new LinearRounder.Rows(linear.module(), weights, first, rows, columns, linear.outputs(),
                                measured.foldings().get(0), Metric.NONE),
                        encoding, matrices))));
    }

    /** All rows of a layer, rounded. Choices that follow each other often agree. */
    private float[] rounded(int index, RowEncoding encoding) throws IOException {
        String module = measured.unit().linears().get(index).module();
        Rounded last = rounded.get(module);
        if (last == null || !last.encoding().equals(encoding)) {
            last = new Rounded(encoding, round(index, encoding));
            rounded.put(module, last);
        }
        return last.weights();
    }

    private float[] round(int index, RowEncoding encoding) throws IOException {
        LinearLayer linear = measured.unit().linears().get(index);
        if (!whole.containsKey(linear.module())) {
            whole.put(linear.module(), blocks(index));
        }
        List<LinearRounder.Rows> blocks = whole.get(linear.module());
        int columns = Math.toIntExact(linear.inputs());
        float[] made = new float[Math.toIntExact(linear.outputs() * columns)];
        return InputMatrices.of(factors).with(factors, measured.inputs().get(index), workers, matrices -> {
            RowEncoding settled = settled(linear, encoding, action -> {
                for (LinearRounder.Rows rows : blocks) {
                    action.apply(rows.folding().apply(rows.weights(), rows.first(), rows.count(), columns), rows.count());
                }
            }, matrices.factor());
            for (LinearRounder.Rows rows : blocks) {
                System.arraycopy(rounder.rounded(rows, settled, matrices), 0, made, (int) rows.first() * columns,
                        rows.count() * columns);
            }
            return made;
        });
    }

    /** All rows of a layer. */
    private List<LinearRounder.Rows> blocks(int index) throws IOException {
        LinearLayer linear = measured.unit().linears().get(index);
        int columns = Math.toIntExact(linear.inputs());
        long atOnce = Math.max(1, WEIGHTS_AT_ONCE / columns);
        List<LinearRounder.Rows> blocks = new ArrayList<>();
        for (long from = 0; from < linear.outputs(); from += atOnce) {
            long to = Math.min(linear.outputs(), from + atOnce);
            blocks.add(new LinearRounder.Rows(linear.module(), reader.read(linear.source(), from, to), from,
                    (int) (to - from), columns, linear.outputs(), measured.foldings().get(index), Metric.NONE));
        }
        return blocks;
    }
}
