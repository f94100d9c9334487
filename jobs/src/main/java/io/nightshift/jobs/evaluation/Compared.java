package io.nightshift.jobs.evaluation;

import io.nightshift.formats.forward.DecoderModel;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What an evaluation compares.
 *
 * @param original the model that others were made of
 * @param quantized what was made of it
 * @param base what it is a fine-tune of
 */
record Compared(Predictor original, List<Predictor> quantized, Optional<Predictor> base) {
    /** All of them. */
    List<Predictor> all() {
        List<Predictor> all = new ArrayList<>(List.of(original));
        all.addAll(quantized);
        base.ifPresent(all::add);
        return all;
    }

    /** Those that are run. */
    List<DecoderModel> models() {
        return all().stream().filter(ModelPredictor.class::isInstance).map(ModelPredictor.class::cast)
                .map(predictor -> predictor.model().model()).toList();
    }

    /** Those that are base-logits files. */
    List<LogitsFile> files() {
        return all().stream().filter(LogitsFile.class::isInstance).map(LogitsFile.class::cast).toList();
    }
}
