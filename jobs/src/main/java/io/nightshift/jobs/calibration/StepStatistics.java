package io.nightshift.jobs.calibration;

import io.nightshift.formats.statistics.CalibrationManifest;
import io.nightshift.formats.statistics.StatisticsKind;
import io.nightshift.jobs.forward.ModelReference;
import io.nightshift.jobs.forward.ModelStep;
import io.nightshift.jobs.forward.StoredStates;
import io.nightshift.jobs.output.OutputFolder;
import io.nightshift.jobs.storage.HadoopSettings;
import io.nightshift.jobs.tasks.StageResources;
import java.io.IOException;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.storage.StorageLevel;

/**
 * Statistics of what the linear layers of one step of a model read, for hidden states that need not be the model's own. Summed
 * up as a calibration does, in the same order: of the model's own states they are the same bits.
 *
 * <p>Memory: as {@link CalibrationPass}, of a step in place of a layer.
 */
public final class StepStatistics {
    private StepStatistics() {}

    /**
     * Collects statistics with Gram matrices.
     *
     * @param states before the step, in the groups of the calibration
     * @param calibration that this one is like, but for the states
     * @param location a folder for the statistics; nothing else is kept there
     * @param resources of {@link PassMemory}
     * @throws io.nightshift.formats.InvalidModelException if weights cannot be used
     * @throws IOException if reading, writing or a task failed
     */
    public static void collect(JavaSparkContext spark, ModelReference model, ModelStep step, StoredStates states,
            CalibrationManifest calibration, String location, StageResources resources, HadoopSettings settings)
            throws IOException {
        OutputFolder folder = OutputFolder.open(location, settings);
        StatisticsWriter writer = new StatisticsWriter(spark, folder, step.name(), StatisticsKind.GRAM);
        JavaRDD<LayerOutput> outputs = resources.askedFor(states.read(spark)
                        .flatMap(new LayerTask(model, step, StatisticsKind.GRAM, calibration.routeAllExperts())))
                .persist(StorageLevel.MEMORY_AND_DISK());
        try {
            LayerStatistics statistics = LayerStatistics.of(step.layer(), writer.run(outputs));
            writer.write(statistics, outputs);
            folder.write(CalibrationManifest.FILE, step.name(),
                    calibration.with("", statistics.summaries(calibration.minExpertTokens())).toJson());
        } finally {
            outputs.unpersist();
        }
    }
}
