package io.nightshift.jobs.tasks;

import io.nightshift.kernels.parallel.Workers;
import org.apache.spark.TaskContext;

/** The threads of a task. */
public final class TaskWorkers {
    private TaskWorkers() {}

    /** Threads for a task's kernels: the cores that Spark gives it; one outside of a task. To be closed. */
    public static Workers open() {
        TaskContext context = TaskContext.get();
        return new Workers(context == null ? 1 : Math.max(1, context.cpus()));
    }
}
