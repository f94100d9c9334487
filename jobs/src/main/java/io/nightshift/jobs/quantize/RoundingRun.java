package io.nightshift.jobs.quantize;

import io.nightshift.formats.architecture.LinearLayer;
import io.nightshift.formats.architecture.TensorRecipe;
import io.nightshift.formats.statistics.InputSummary;
import io.nightshift.formats.statistics.StatisticsReader;
import io.nightshift.jobs.plan.GgufTarget;
import io.nightshift.jobs.plan.ModelRounding;
import io.nightshift.jobs.rounding.Factors;
import io.nightshift.jobs.rounding.InputMatrices;
import io.nightshift.jobs.rounding.ScalePlan;
import io.nightshift.jobs.rounding.ScalePlanner;
import io.nightshift.jobs.rounding.ScaledInput;
import io.nightshift.jobs.rounding.StatisticsReference;
import io.nightshift.jobs.storage.FolderReference;
import io.nightshift.jobs.storage.HadoopSettings;
import io.nightshift.jobs.tasks.Progress;
import io.nightshift.jobs.tasks.WorkFolder;
import io.nightshift.kernels.GgmlType;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.api.java.JavaSparkContext;

/**
 * What pieces need before they can be made with scales and error feedback: for each target its scales and
 * a factor for each scaled input, in a folder that is removed when the run ends.
 */
final class RoundingRun implements AutoCloseable {
    private final ModelRounding rounding;
    private final List<GgufTarget> targets;
    private final List<ScalePlan> scales = new ArrayList<>();
    private final WorkFolder work;
    private final Factors factors;

    private RoundingRun(ModelRounding rounding, List<GgufTarget> targets, WorkFolder work, Factors factors) {
        this.rounding = rounding;
        this.targets = targets;
        this.work = work;
        this.factors = factors;
    }

    /**
     * Searches scales and makes factors.
     *
     * @param request what is asked for
     * @param output where the work folder goes unless the request says otherwise
     * @throws io.nightshift.formats.InvalidModelException if the statistics or a weight cannot be used
     * @throws IOException if a task failed again and again
     */
    static RoundingRun start(JavaSparkContext spark, RoundingRequest request, ModelRounding rounding,
            List<TensorRecipe> tensors, List<GgufTarget> targets, FolderReference source, String output,
            HadoopSettings settings, Progress progress) throws IOException {
        StatisticsReference statistics =
                new StatisticsReference(FolderReference.find(request.statistics(), settings));
        WorkFolder work = WorkFolder.create(request.work(), output, settings, spark);
        RoundingRun run = new RoundingRun(
                rounding, targets, work, new Factors(statistics, work.location(), settings, request.options()));
        try {
            for (GgufTarget target : targets) {
                if (request.options().scaled()) {
                    progress.phase("searching scales for " + target.fileName());
                }
                run.scales.add(request.options().scaled()
                        ? run.search(spark, tensors, target, statistics, source)
                        : ScalePlan.NONE);
            }
            if (request.options().feedback()) {
                progress.phase("factorizing statistics");
                run.factors.makeAll(spark, run.inputs(tensors, statistics.open()));
            }
            return run;
        } catch (IOException | RuntimeException e) {
            run.close();
            throw e;
        }
    }

    private ScalePlan search(JavaSparkContext spark, List<TensorRecipe> tensors, GgufTarget target,
            StatisticsReference statistics, FolderReference source) throws IOException {
        Map<String, GgmlType> types = new HashMap<>();
        for (int i = 0; i < tensors.size(); i++) {
            types.put(tensors.get(i).name(), target.types().get(i).type());
        }
        return ScalePlanner.plan(spark, rounding.scaleGroups(tensors, target), new GgufRounding(types),
                rounding.options(), statistics, source);
    }

    /** The inputs of linear layers that are rounded, each once: of each target by itself where it has scales. */
    private List<ScaledInput> inputs(List<TensorRecipe> tensors, StatisticsReader reader) {
        Map<String, ScaledInput> inputs = new LinkedHashMap<>();
        for (int target = 0; target < targets.size(); target++) {
            for (int i = 0; i < tensors.size(); i++) {
                String tensor = tensors.get(i).name();
                if (rounding.rounds(tensor, targets.get(target).types().get(i).type())) {
                    for (LinearLayer linear : rounding.linears(tensor)) {
                        ScaledInput input = input(reader, linear, target, scales.get(target).columnScales(linear));
                        inputs.put(input.name(), input);
                    }
                }
            }
        }
        List<ScaledInput> largestFirst = new ArrayList<>(inputs.values());
        largestFirst.sort(Comparator.comparing(input -> -input.statistics().channels()));
        return largestFirst;
    }

    /**
     * A linear layer's input as a target scales it; targets without scales share it.
     *
     * @param scales of the target's columns; null where there are none
     */
    static ScaledInput input(StatisticsReader reader, LinearLayer linear, int target, float[] scales) {
        InputSummary statistics = StatisticsReference.input(reader, linear);
        if (scales == null) {
            return new ScaledInput(statistics.name(), statistics, null);
        }
        ScaledInput input = ScaledInput.of(statistics, linear.expert(), scales);
        return new ScaledInput("target-" + target + "-" + input.name(), statistics, scales);
    }

    /** The scales of each target. */
    List<ScalePlan> scales() {
        return scales;
    }

    /** Statistics and factors, for tasks. */
    Factors factors() {
        return factors;
    }

    /** Removes the factors. */
    @Override
    public void close() throws IOException {
        InputMatrices.ofThisProcess().release(factors);
        work.close();
    }
}
