package io.nightshift.jobs.text;

import io.nightshift.jobs.tasks.JobScope;
import java.io.IOException;
import java.util.List;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/** Rows of texts, as Spark reads them. */
final class TextRows {
    private TextRows() {}

    /** Takes rows until it has enough. */
    interface Taker {
        /**
         * Takes the next row.
         *
         * @return whether another one is wanted
         * @throws IOException if something cannot be read
         */
        boolean take(Row row) throws IOException;
    }

    /** A session to read them with. */
    static SparkSession session(JavaSparkContext spark) {
        // The caller's own session keeps its settings.
        SparkSession session = SparkSession.builder().config(spark.getConf()).getOrCreate().newSession();
        // A file may have a column Text beside text.
        session.conf().set("spark.sql.caseSensitive", true);
        return session;
    }

    /** What Spark's user interface says while texts are read. */
    static JobScope scope(JavaSparkContext spark) {
        return JobScope.of(spark, "reading texts");
    }

    /**
     * Hands out rows of a sorted table. The first rows alone are mostly enough, and need no sorting of everything.
     *
     * @return how many were taken
     */
    static long read(Dataset<Row> sorted, Taker taker) throws IOException {
        long taken = 0;
        for (int limit = 1024; ; limit *= 4) {
            List<Row> rows = sorted.limit(limit).collectAsList();
            for (; taken < rows.size(); taken++) {
                if (!taker.take(rows.get((int) taken))) {
                    return taken + 1;
                }
            }
            if (rows.size() < limit || limit > Integer.MAX_VALUE / 4) {
                return taken;
            }
        }
    }
}
