package io.nightshift.jobs.calibration;

import io.nightshift.formats.statistics.StatisticsKind;
import io.nightshift.jobs.forward.GroupPass;
import io.nightshift.jobs.forward.HiddenStates;
import io.nightshift.jobs.forward.ModelReference;
import io.nightshift.jobs.forward.ModelStep;
import io.nightshift.jobs.tasks.TaskWorkers;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.api.java.function.FlatMapFunction;

/**
 * The body of a task: one group through one layer, or another step of the model.
 *
 * @param model the model
 * @param step of the model
 * @param statistics what is collected
 * @param routeAllExperts whether experts' inputs are those of all tokens
 */
record LayerTask(ModelReference model, ModelStep step, StatisticsKind statistics, boolean routeAllExperts)
        implements FlatMapFunction<HiddenStates, LayerOutput> {
    @Override
    public Iterator<LayerOutput> call(HiddenStates states) throws IOException {
        List<LayerOutput> outputs = new ArrayList<>();
        try (StatisticsCollector collector = new StatisticsCollector(
                statistics, routeAllExperts, TaskWorkers.open())) {
            GroupPass.Result result = GroupPass.step(model, step, states, collector);
            outputs.add(new LayerOutput.Hidden(result.states()));
            List<InputSums> sums = new ArrayList<>();
            for (StatisticsCollector.Sums input : collector.finish()) {
                sums.add(input.sums());
                for (int i = 0; i < input.gram().length; i++) {
                    outputs.add(new LayerOutput.GramBlock(input.sums().name(), i, states.group(), input.gram()[i]));
                }
            }
            outputs.add(new LayerOutput.Summary(result.work(), sums, collector.expertTokens()));
        }
        return outputs.iterator();
    }
}
