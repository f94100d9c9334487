package io.nightshift.jobs.rounding;

import io.nightshift.formats.architecture.ScaleGroup;
import io.nightshift.jobs.storage.FolderReference;
import io.nightshift.jobs.tasks.KeptResults;
import io.nightshift.jobs.tasks.KeptTasks;
import io.nightshift.jobs.tasks.Progress;
import io.nightshift.jobs.tasks.TaskRun;
import io.nightshift.jobs.tasks.TaskWorkers;
import io.nightshift.kernels.parallel.Workers;
import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.apache.spark.api.java.JavaSparkContext;

/** Searches the scales of a model, one Spark task a group. */
public final class ScalePlanner {
    /** Rows of each layer that candidates are tried on, and of all layers of a group together, where experts are many. */
    private static final int SAMPLED_ROWS = 512;
    private static final int SAMPLED_ROWS_OF_GROUP = 2048;
    private static final int LEAST_SAMPLED_ROWS = 8;

    private ScalePlanner() {}

    /**
     * Searches. The result does not depend on the cluster.
     *
     * @param description of the Spark job
     * @param groups of {@link io.nightshift.formats.architecture.ScaleGroups}
     * @param target what the layers will be stored as
     * @param source the checkpoint
     * @param kept scales of a run that was cut off, and those that are found now; of these groups, target and options
     * @param progress hears of scales that are there
     * @return the groups in the order given
     * @throws io.nightshift.formats.InvalidModelException if statistics are missing or a weight is damaged
     * @throws IOException if a task failed again and again
     */
    public static ScalePlan plan(JavaSparkContext spark, String description, List<ScaleGroup> groups, ScaleTarget target,
            RoundingOptions options, StatisticsReference statistics, FolderReference source, KeptResults kept,
            Progress progress) throws IOException {
        if (groups.isEmpty()) {
            return ScalePlan.NONE;
        }
        List<Integer> largestFirst = new ArrayList<>();
        for (int i = 0; i < groups.size(); i++) {
            largestFirst.add(i);
        }
        largestFirst.sort(Comparator.comparing(i -> -cost(groups.get(i))));
        record Searched(ScaleGroup group, ScaleTarget target) implements Serializable {}
        List<Searched> ordered = largestFirst.stream()
                .map(index -> new Searched(groups.get(index), target.of(groups.get(index))))
                .toList();
        List<String> names = largestFirst.stream().map(index -> "scales-" + index).toList();
        KeptTasks<GroupScales> tasks = KeptTasks.find(spark, kept, names, GroupScales.class);
        progress.found(tasks.count(), names.size(), "groups of scales");
        List<GroupScales> found = tasks.run(new TaskRun(spark, description), ordered, searched -> {
            try (Workers workers = TaskWorkers.open()) {
                return ScaleTask.run(
                        searched.group(), searched.target(), options, statistics.open(), source.open(), workers);
            }
        });
        GroupScales[] inOrder = new GroupScales[groups.size()];
        for (int i = 0; i < inOrder.length; i++) {
            inOrder[largestFirst.get(i)] = found.get(i);
        }
        return new ScalePlan(List.of(inOrder));
    }

    /**
     * Rows of a linear layer that candidates are tried on, evenly spread.
     *
     * @param outputs rows that it has
     * @param layers linear layers of its group: experts are many
     */
    public static int sampledRows(long outputs, int layers) {
        int share = Math.max(LEAST_SAMPLED_ROWS, SAMPLED_ROWS_OF_GROUP / layers);
        return (int) Math.min(Math.min(SAMPLED_ROWS, share), outputs);
    }

    private static double cost(ScaleGroup group) {
        return (double) group.channels() * group.channels() * group.linears().size();
    }
}
