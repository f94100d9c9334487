package io.nightshift.jobs.rounding;

import io.nightshift.formats.architecture.ScaleGroup;
import io.nightshift.jobs.storage.FolderReference;
import io.nightshift.jobs.tasks.TaskFailures;
import io.nightshift.jobs.tasks.TaskWorkers;
import io.nightshift.kernels.parallel.Workers;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.apache.spark.api.java.JavaSparkContext;

/** Searches the scales of a model, one Spark task a group. */
public final class ScalePlanner {
    private ScalePlanner() {}

    /**
     * Searches. The result does not depend on the cluster.
     *
     * @param groups of {@link io.nightshift.formats.architecture.ScaleGroups}
     * @param source the checkpoint
     * @return the groups in the order given
     * @throws io.nightshift.formats.InvalidModelException if statistics are missing or a weight is damaged
     * @throws IOException if a task failed again and again
     */
    public static ScalePlan plan(JavaSparkContext spark, List<ScaleGroup> groups, RoundingFormat format,
            RoundingOptions options, StatisticsReference statistics, FolderReference source) throws IOException {
        if (groups.isEmpty()) {
            return ScalePlan.NONE;
        }
        List<Integer> largestFirst = new ArrayList<>();
        for (int i = 0; i < groups.size(); i++) {
            largestFirst.add(i);
        }
        largestFirst.sort(Comparator.comparing(i -> -cost(groups.get(i))));
        List<ScaleGroup> ordered = largestFirst.stream().map(groups::get).toList();
        try {
            List<GroupScales> found = spark.parallelize(ordered, ordered.size())
                    .map(group -> {
                        try (Workers workers = TaskWorkers.open()) {
                            return ScaleTask.run(group, format, options, statistics.open(), source.open(), workers);
                        }
                    })
                    .collect();
            GroupScales[] inOrder = new GroupScales[groups.size()];
            for (int i = 0; i < inOrder.length; i++) {
                inOrder[largestFirst.get(i)] = found.get(i);
            }
            return new ScalePlan(List.of(inOrder));
        } catch (Exception e) { // Scala throws checked exceptions without saying so.
            throw TaskFailures.explain(e);
        }
    }

    private static double cost(ScaleGroup group) {
        return (double) group.channels() * group.channels() * group.linears().size();
    }
}
