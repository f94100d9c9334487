package io.nightshift.jobs.tasks;

import java.io.IOException;
import java.io.Serializable;
import java.lang.reflect.Array;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.apache.spark.api.java.JavaSparkContext;

/**
 * Tasks with a result each, of which those need not run whose results were kept.
 *
 * @param <B> the result
 */
public final class KeptTasks<B extends Serializable> {
    private final KeptResults kept;
    private final List<String> names;
    private final Class<B> type;
    private final B[] found;

    private KeptTasks(KeptResults kept, List<String> names, Class<B> type, B[] found) {
        this.kept = kept;
        this.names = names;
        this.type = type;
        this.found = found;
    }

    /**
     * Looks for results: a short Spark job, where there are some.
     *
     * @param names of the results, fit for names of files
     * @throws IOException if the folder cannot be listed, or a task failed again and again
     */
    public static <B extends Serializable> KeptTasks<B> find(
            JavaSparkContext spark, KeptResults kept, List<String> names, Class<B> type) throws IOException {
        @SuppressWarnings("unchecked")
        B[] found = (B[]) Array.newInstance(type, names.size());
        Set<String> there = kept.names();
        List<Integer> some = new ArrayList<>();
        for (int i = 0; i < names.size(); i++) {
            if (there.contains(names.get(i))) {
                some.add(i);
            }
        }
        if (!some.isEmpty()) {
            int tasks = Math.min(some.size(), spark.defaultParallelism());
            record Numbered<B>(int number, B result) implements Serializable {}
            List<ArrayList<Numbered<B>>> read = new TaskRun(spark, "reading what a run left that was cut off").run(
                    spark.parallelize(some, tasks), (partition, numbers, attempt) -> {
                        ArrayList<Numbered<B>> whole = new ArrayList<>();
                        numbers.forEachRemaining(number -> kept.find(names.get(number), type)
                                .ifPresent(result -> whole.add(new Numbered<>(number, result))));
                        return whole;
                    });
            read.forEach(results -> results.forEach(result -> found[result.number()] = result.result()));
        }
        return new KeptTasks<>(kept, names, type, found);
    }

    /** How many results were found. */
    public int count() {
        return (int) Arrays.stream(found).filter(result -> result != null).count();
    }

    /** Whether none has to be made. */
    public boolean areDone() {
        return count() == found.length;
    }

    /**
     * Runs those that are missing, one Spark task each, and keeps what they give.
     *
     * @param elements one for each name, in the order of the names
     * @return the results, in that order
     * @throws io.nightshift.formats.InvalidModelException if a task refused its input
     * @throws IOException if a task failed again and again
     */
    public <A> List<B> run(TaskRun job, List<A> elements, TaskRun.ElementBody<A, B> body) throws IOException {
        record Missing<A>(String name, A element) implements Serializable {}
        List<Missing<A>> missing = new ArrayList<>();
        for (int i = 0; i < found.length; i++) {
            if (found[i] == null) {
                missing.add(new Missing<>(names.get(i), elements.get(i)));
            }
        }
        KeptResults results = kept;
        Class<B> ofType = type;
        List<B> made = job.each(missing,
                task -> results.get(task.name(), ofType, () -> body.run(task.element())));
        List<B> all = new ArrayList<>(Arrays.asList(found));
        int next = 0;
        for (int i = 0; i < found.length; i++) {
            if (found[i] == null) {
                all.set(i, made.get(next++));
            }
        }
        return all;
    }
}
