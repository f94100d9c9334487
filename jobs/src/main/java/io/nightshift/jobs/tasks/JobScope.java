package io.nightshift.jobs.tasks;

import org.apache.spark.api.java.JavaSparkContext;

/**
 * What the descriptions of Spark's jobs begin with that this thread runs, such as the model: its user interface shows those of
 * many models, targets and phases in one list. Scopes within a scope are appended.
 */
public final class JobScope implements AutoCloseable {
    private static final String DESCRIPTION = "spark.job.description";

    private final JavaSparkContext spark;
    private final String before;

    private JobScope(JavaSparkContext spark, String before) {
        this.spark = spark;
        this.before = before;
    }

    /** Opens a scope, until it is closed. */
    public static JobScope of(JavaSparkContext spark, String name) {
        JobScope scope = new JobScope(spark, spark.getLocalProperty(DESCRIPTION));
        spark.setJobDescription(described(spark, name));
        return scope;
    }

    /** A description within the scopes that are open. */
    static String described(JavaSparkContext spark, String description) {
        String before = spark.getLocalProperty(DESCRIPTION);
        return before == null ? description : before + ": " + description;
    }

    @Override
    public void close() {
        spark.setJobDescription(before);
    }
}
