package io.nightshift.jobs.testing;

import io.nightshift.formats.statistics.StatisticsKind;
import io.nightshift.jobs.calibration.CalibrateJob;
import io.nightshift.jobs.calibration.CalibrateProgress;
import io.nightshift.jobs.calibration.CalibrateRequest;
import io.nightshift.jobs.calibration.CalibrationOptions;
import io.nightshift.jobs.evaluation.EvaluateJob;
import io.nightshift.jobs.evaluation.EvaluateProgress;
import io.nightshift.jobs.evaluation.EvaluateRequest;
import io.nightshift.jobs.evaluation.EvaluateResult;
import io.nightshift.jobs.quantize.OutputResult;
import io.nightshift.jobs.quantize.QuantizeJob;
import io.nightshift.jobs.quantize.QuantizeRequest;
import io.nightshift.jobs.quantize.StatisticsSource;
import io.nightshift.jobs.quantize.Target;
import io.nightshift.jobs.storage.HadoopSettings;
import io.nightshift.jobs.tasks.Progress;
import io.nightshift.jobs.text.Packing;
import io.nightshift.jobs.text.TextData;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.apache.spark.api.java.JavaSparkContext;

/**
 * Calibrates and evaluates a family's small model over one text.
 *
 * @param folder where the text and the statistics go
 */
public record FamilyRun(JavaSparkContext spark, Path folder) {
    /** How Hadoop reaches local folders. */
    public static final HadoopSettings SETTINGS = new HadoopSettings(Map.of());

    private TextData text() throws IOException {
        Path text = Texts.write(folder.resolve("text.txt"), Texts.document(11, 600));
        return new TextData(List.of(text.toString()), TextData.DEFAULT_COLUMN, OptionalLong.empty());
    }

    /** The folder of the statistics, with Gram matrices. */
    public String calibrate(Path model, int samples) throws IOException {
        // The tokens that are evaluated: these models' vocabularies have pieces that only llama.cpp's merging reaches.
        CalibrationOptions options = new CalibrationOptions(
                text(), Packing.LLAMA_IMATRIX, OptionalInt.of(samples), 64, 3, StatisticsKind.GRAM, 1, false);
        String output = folder.resolve("stats").toString();
        CalibrateRequest request = new CalibrateRequest(
                model.toString(), output, Optional.empty(), options, Optional.empty(), false);
        CalibrateJob.plan(request, SETTINGS, CalibrateProgress.NONE).run(spark);
        return output;
    }

    /**
     * Makes one output.
     *
     * @param statistics their folder; empty for none
     * @param output name of the output's folder
     */
    public OutputResult make(Path model, String statistics, Target target, String output) throws IOException {
        QuantizeRequest request = QuantizeRequest.of(model.toString(), List.of(target), folder.resolve(output).toString())
                .with(statistics.isEmpty() ? StatisticsSource.NONE : new StatisticsSource.Folder(statistics));
        return QuantizeJob.plan(request, SETTINGS, Progress.NONE).run(spark).outputs().get(0);
    }

    /** What outputs lost, in their order. */
    public List<EvaluateResult.Score> evaluate(Path model, List<OutputResult> made) throws IOException {
        EvaluateRequest request = new EvaluateRequest(model.toString(), made.stream().map(OutputResult::location).toList(),
                text(), 64, OptionalInt.of(8), Optional.empty());
        return EvaluateJob.plan(request, SETTINGS, EvaluateProgress.NONE).run(spark).quantized();
    }
}
