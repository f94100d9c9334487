package io.nightshift.formats.architecture;

import io.nightshift.formats.InvalidModelException;

/** A checkpoint that counts blocks for predicting further tokens and does not have them: fine-tunes are often saved so. */
public final class MissingPredictionException extends InvalidModelException {
    private static final long serialVersionUID = 1;

    MissingPredictionException(String message) {
        super(message);
    }
}
