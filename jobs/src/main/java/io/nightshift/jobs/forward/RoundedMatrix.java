package io.nightshift.jobs.forward;

import io.nightshift.formats.weights.ModelWeights;
import io.nightshift.formats.weights.RoundedWeights;

/**
 * A tensor that is rounded where the model has it as it is. Within a task.
 *
 * @param tensor by its name in GGUF
 * @param rounding what becomes of its rows
 */
public record RoundedMatrix(String tensor, RoundedWeights.Rounding rounding) {
    ModelWeights in(ModelWeights original) {
        return new RoundedWeights(original, tensor, rounding);
    }
}
