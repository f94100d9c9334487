package io.nightshift.jobs.calibration;

import io.nightshift.jobs.text.Packing;
import io.nightshift.jobs.text.TextData;
import java.util.OptionalInt;

/** What a model is run on. */
public sealed interface CalibrationInput {
    /**
     * Texts.
     *
     * @param data where they are
     * @param packing how they become sequences
     * @param samples most sequences; empty for the packing's default
     * @param sequenceLength tokens of each
     */
    record Texts(TextData data, Packing packing, OptionalInt samples, int sequenceLength) implements CalibrationInput {
        /** What is recorded of how texts became sequences: {@code chat}, or the packing's name. */
        public String packingName() {
            return data.chat() ? "chat" : packing.optionName();
        }

        /** Most sequences. */
        int sampleLimit() {
            return samples.orElse(
                    packing == Packing.DOCUMENTS ? CalibrationOptions.DEFAULT_SAMPLES : Integer.MAX_VALUE);
        }
    }

    /**
     * The token ids of an earlier run.
     *
     * @param file the {@code tokens.safetensors} that it left
     */
    record Tokens(String file) implements CalibrationInput {}
}
