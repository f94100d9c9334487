package io.nightshift.jobs.evaluation;

import io.nightshift.jobs.tasks.StageResources;
import java.io.IOException;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;

/** What predicts the tokens of a text: a model that is run, or a file with what one predicted. */
sealed interface Predictor permits ModelPredictor, LogitsFile {
    /** Where it is, for people. */
    String location();

    /** Makes sure that all executors see it. */
    void requireSeen(JavaSparkContext spark) throws IOException;

    /**
     * Gets the predictions of all groups as far as tasks can go on with them.
     *
     * @param resources of {@link EvaluationMemory}
     * @throws io.nightshift.formats.InvalidModelException if the model cannot be used
     */
    Pass run(JavaSparkContext spark, Broadcast<ScoredGroup[]> groups, StageResources resources, EvaluateProgress progress)
            throws IOException;

    /** Predictions that are there; to be closed after use. */
    interface Pass extends AutoCloseable {
        /** One element a partition, in the order of the groups. */
        JavaRDD<GroupPredictions> predictions();

        /** Bytes of weights that were read. */
        long bytesRead();

        @Override
        void close();
    }
}
