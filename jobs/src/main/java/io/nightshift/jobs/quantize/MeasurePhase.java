package io.nightshift.jobs.quantize;

import io.nightshift.formats.architecture.LinearLayer;
import io.nightshift.jobs.forward.LayerStates;
import io.nightshift.jobs.rounding.Factors;
import io.nightshift.jobs.rounding.Foldings;
import io.nightshift.jobs.rounding.InputMatrices;
import io.nightshift.jobs.rounding.RowFolding;
import io.nightshift.jobs.rounding.ScaledInput;
import io.nightshift.jobs.storage.FolderReference;
import io.nightshift.jobs.tasks.KeptTasks;
import io.nightshift.jobs.tasks.StageMemory;
import io.nightshift.jobs.tasks.TaskRun;
import io.nightshift.jobs.tasks.TaskWorkers;
import io.nightshift.kernels.parallel.Workers;
import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.spark.api.java.JavaSparkContext;

/** Measures what each choice of each unit would lose, a Spark task a unit; nothing is, where there is one choice. */
final class MeasurePhase {
    private MeasurePhase() {}

    /** A unit with all that a task needs, its layers in its order. */
    record Measured(Unit unit, List<RowFolding> foldings, List<ScaledInput> inputs) implements Serializable {
        /**
         * The units of a plan.
         *
         * @param foldings what the scales of the output make of its layers
         * @param inputs what each layer reads, by module
         */
        static List<Measured> of(TargetPlan plan, Foldings foldings, Map<String, ScaledInput> inputs) throws IOException {
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
            return measured;
        }
    }

    /**
     * Measures.
     *
     * @param units of a plan with a selection
     * @param tasks one for each unit, of which some may be done
     * @param states of the model, where the measure runs it
     * @return errors of each choice of each unit
     * @throws io.nightshift.formats.InvalidModelException if weights cannot be used
     * @throws IOException if a task failed again and again
     */
    static double[][] run(JavaSparkContext spark, String target, Measure measure, List<Measured> units,
            FolderReference source, Factors factors, KeptTasks<double[]> tasks, Optional<LayerStates> states)
            throws IOException {
        LayerStates before = states.orElse(null);
        int tokens = states.map(LayerStates::tokens).orElse(Measurements.TOKENS);
        StageMemory memory = memory(measure, units.stream().map(Measured::unit).toList(), tokens);
        return tasks.run(new TaskRun(spark, "measuring " + target, memory), units, unit -> {
            try (Workers workers = TaskWorkers.open()) {
                MeasuredLayers layers =
                        new MeasuredLayers(unit, measure.sampledRows(), source.open(), factors, before, workers);
                return holding(unit, 0, factors, workers, () -> errors(unit.unit(), measure, layers));
            }
        }).toArray(double[][]::new);
    }

    /**
     * By the formulas of docs/memory.md, of the largest unit.
     *
     * @param tokens that a model is run over
     */
    static StageMemory memory(Measure measure, List<Unit> units, int tokens) {
        Map<Integer, Long> stored = new HashMap<>();
        long ofTask = 0;
        long matrix = 0;
        for (Unit unit : units) {
            long weights = 0;
            long rows = 0;
            long widest = 0;
            // Those of an expert stand for all: a token goes through a few, one after another.
            long outputs = 0;
            int ofBlock = unit.linears().stream().anyMatch(linear -> linear.expert() != LinearLayer.NO_EXPERT) ? 8 : 5;
            for (LinearLayer linear : unit.linears()) {
                weights += linear.outputs() * linear.inputs();
                rows += Math.min(measure.sampledRows(), linear.outputs()) * linear.inputs();
                widest = Math.max(widest, linear.inputs());
                outputs += linear.expert() == LinearLayer.NO_EXPERT || linear.expert() == 0 ? linear.outputs() : 0;
                stored.merge(linear.layer(), linear.outputs() * linear.source().rowBytes(), Long::sum);
            }
            long factor = Double.BYTES * widest * widest;
            long hidden = unit.linears().isEmpty() ? 0 : unit.linears().get(0).inputs();
            ofTask = Math.max(ofTask, factor + (measure.runsModel()
                    ? 3 * Float.BYTES * (weights + tokens * hidden)
                            + Float.BYTES * tokens * (ofBlock * hidden + outputs + 2 * widest)
                    : 8 * Float.BYTES * rows));
            matrix = Math.max(matrix, Float.BYTES * widest * widest);
        }
        long layer = stored.values().stream().mapToLong(bytes -> bytes).max().orElse(0);
        return measure.runsModel()
                ? new StageMemory(2 * layer + matrix, layer + ofTask)
                : new StageMemory(3 * matrix, Math.max(1, ofTask));
    }

    /** Measures. */
    private interface Work {
        double[] run() throws IOException;
    }

    /** The matrices of a unit's inputs are held as long as it is measured; those of experts are many, and are not. */
    private static double[] holding(Measured unit, int index, Factors factors, Workers workers, Work work)
            throws IOException {
        if (index == unit.inputs().size() || unit.unit().linears().get(index).expert() != LinearLayer.NO_EXPERT) {
            return work.run();
        }
        return InputMatrices.of(factors).with(factors, unit.inputs().get(index), workers,
                matrices -> holding(unit, index + 1, factors, workers, work));
    }

    private static double[] errors(Unit unit, Measure measure, MeasuredLayers layers) throws IOException {
        double[] errors = new double[unit.choices().size()];
        for (int i = 0; errors.length > 1 && i < errors.length; i++) {
            errors[i] = measure.error(unit, unit.choices().get(i), layers);
        }
        return errors;
    }
}
