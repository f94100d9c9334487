package io.nightshift.jobs.evaluation;

import io.nightshift.formats.forward.DecoderModel;
import io.nightshift.jobs.calibration.PassMemory;
import io.nightshift.jobs.tasks.StageMemory;
import java.util.List;

/** The memory of an evaluation's tasks, by the formula of docs/memory.md. */
final class EvaluationMemory {
    private EvaluationMemory() {}

    /**
     * Enough for all of its stages: the predictions of two models go on from the layers of both.
     *
     * @param models that are run
     * @param sequences of the largest group
     * @param length of a sequence, in tokens
     */
    static StageMemory of(List<DecoderModel> models, int sequences, int length) {
        StageMemory most = new StageMemory(0, 0);
        for (DecoderModel model : models) {
            StageMemory layers = PassMemory.of(model, sequences, length);
            long logits = 2L * Float.BYTES * ScoreTask.rowsAtOnce(model.vocabulary()) * model.vocabulary();
            most = most.or(new StageMemory(
                    Math.max(layers.shared(), 2 * PassMemory.head(model)), layers.task() + logits));
        }
        return most;
    }
}
