package io.nightshift.jobs.quantize;

import io.nightshift.formats.architecture.LinearLayer;
import io.nightshift.formats.storage.ModelFolder;
import io.nightshift.jobs.rounding.Factors;
import io.nightshift.jobs.rounding.Foldings;
import io.nightshift.jobs.rounding.InputMatrices;
import io.nightshift.jobs.rounding.LinearRounder;
import io.nightshift.jobs.rounding.LinearRows;
import io.nightshift.jobs.rounding.RowFolding;
import io.nightshift.jobs.rounding.ScaledInput;
import io.nightshift.jobs.storage.FolderReference;
import io.nightshift.jobs.tasks.TaskRun;
import io.nightshift.jobs.tasks.TaskWorkers;
import io.nightshift.kernels.encoding.Metric;
import io.nightshift.kernels.encoding.RowEncoding;
import io.nightshift.kernels.encoding.SharedEncoding;
import io.nightshift.kernels.parallel.Workers;
import io.nightshift.kernels.rounding.FeedbackFactor;
import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.api.java.JavaSparkContext;

/** Measures what each choice of each unit would lose, a Spark task a unit. */
final class MeasurePhase {
    private MeasurePhase() {}

    /** A unit with all that a task needs. */
    private record Measured(Unit unit, List<RowFolding> foldings, List<ScaledInput> inputs) implements Serializable {}

    /**
     * Measures.
     *
     * @param plan with a selection
     * @param foldings what the scales of the output make of its layers
     * @param inputs what each layer reads, by module
     * @return errors of each choice of each unit
     * @throws io.nightshift.formats.InvalidModelException if weights cannot be used
     * @throws IOException if a task failed again and again
     */
    static double[][] run(JavaSparkContext spark, String target, TargetPlan plan, Foldings foldings,
            Map<String, ScaledInput> inputs, FolderReference source, Factors factors) throws IOException {
        Measure measure = plan.selection().orElseThrow().measure();
        List<Measured> measured = new ArrayList<>();
        for (Unit unit : plan.units()) {
            List<RowFolding> ofLinears = new ArrayList<>();
            List<ScaledInput> read = new ArrayList<>();
            for (LinearLayer linear : unit.linears()) {
                ofLinears.add(foldings.ofLinear(linear));
                read.add(inputs.get(linear.module()));
            }
            measured.add(new Measured(unit, ofLinears, read));
        }
        return new TaskRun(spark, "measuring " + target).each(measured, unit -> {
            try (Workers workers = TaskWorkers.open()) {
                return errors(unit, measure, source.open(), factors, workers);
            }
        }).toArray(double[][]::new);
    }

    private static double[] errors(
            Measured measured, Measure measure, ModelFolder source, Factors factors, Workers workers) throws IOException {
        SampledLayers inputs = new SampledLayers(measured, new LinearRows(source), factors, workers);
        double[] errors = new double[measured.unit().choices().size()];
        for (int i = 0; i < errors.length; i++) {
            errors[i] = measure.error(measured.unit(), measured.unit().choices().get(i), inputs);
        }
        return errors;
    }

    /** The layers of a unit, of which some rows are looked at, evenly spread. Memory: these rows, eight times. */
    private static final class SampledLayers implements Measure.Inputs {
        private static final int ROWS = 512;

        /** Weights that are read at once, about. */
        private static final int WEIGHTS_AT_ONCE = 4 << 20;

        private final Measured measured;
        private final LinearRows reader;
        private final Factors factors;
        private final LinearRounder rounder;
        private final Workers workers;
        private final Map<String, LinearRounder.Rows> samples = new HashMap<>();
        private final Map<List<Object>, Double> losses = new HashMap<>();

        SampledLayers(Measured measured, LinearRows reader, Factors factors, Workers workers) {
            this.measured = measured;
            this.reader = reader;
            this.factors = factors;
            this.workers = workers;
            this.rounder = new LinearRounder(workers);
        }

        @Override
        public double loss(LinearLayer linear, RowEncoding encoding) throws IOException {
            // Choices differ in some layers only.
            List<Object> key = List.of(linear.module(), encoding);
            if (!losses.containsKey(key)) {
                losses.put(key, measure(linear, encoding));
            }
            return losses.get(key);
        }

        private double measure(LinearLayer linear, RowEncoding encoding) throws IOException {
            int index = measured.unit().linears().indexOf(linear);
            if (!samples.containsKey(linear.module())) {
                samples.put(linear.module(), sample(linear, measured.foldings().get(index)));
            }
            LinearRounder.Rows rows = samples.get(linear.module());
            return InputMatrices.of(factors).with(factors, measured.inputs().get(index), workers,
                    matrices -> rounder.relativeLoss(rows, settled(encoding, rows, matrices.factor()), matrices));
        }

        /** What rows share is taken from the sample: nothing is written of it. */
        private RowEncoding settled(RowEncoding encoding, LinearRounder.Rows rows, FeedbackFactor factor)
                throws IOException {
            if (encoding instanceof SharedEncoding shared) {
                float[] folded = rows.folding().apply(rows.weights(), 0, rows.count(), rows.columns());
                return shared.settle(action -> action.apply(folded, rows.count()), factor, workers);
            }
            return encoding;
        }

        private LinearRounder.Rows sample(LinearLayer linear, RowFolding folding) throws IOException {
            int columns = Math.toIntExact(linear.inputs());
            int outputs = Math.toIntExact(linear.outputs());
            int[] rows = new int[Math.min(ROWS, outputs)];
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
                    folding.ofRows(rows), Metric.NONE);
        }
    }
}
