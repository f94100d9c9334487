package io.nightshift.jobs.tasks;

import org.apache.spark.TaskContext;

/**
 * The one number of an attempt at a partition, for what attempts write under numbers of their own (the parts of outputs).
 *
 * <p>Spark counts twice: attempts at a stage, which begins again where blocks of a shuffle are lost with an executor, and in
 * each of them attempts at a task, from 0 again, while older ones may still run. Cantor's pairing makes one number of both:
 * no two attempts of a job at a partition share it. Few attempts have small numbers; the first ones of a stage's first
 * attempt have 0, 1, 3, 6, and the second attempt of the stage begins with 2.
 *
 * <p>An object store's file has few numbers for a part, a power of two; {@code UploadPartSink} says how many. The first n
 * attempts of a stage's first attempt differ modulo n where n is a power of two (0, 1, 3 and 6 are 0, 1, 3 and 2 modulo 4).
 */
public final class TaskAttempt {
    private TaskAttempt() {}

    /** The number of the attempt that this thread runs; 0 outside of a task. */
    public static int number() {
        TaskContext context = TaskContext.get();
        return context == null ? 0 : number(context);
    }

    /** The number of an attempt. */
    public static int number(TaskContext context) {
        return number(context.stageAttemptNumber(), context.attemptNumber());
    }

    /** Cantor's pairing. */
    static int number(int stageAttempt, int taskAttempt) {
        int diagonal = Math.addExact(stageAttempt, taskAttempt);
        return Math.toIntExact((long) diagonal * (diagonal + 1) / 2 + stageAttempt);
    }
}
