package io.nightshift.jobs.quantize;

import java.io.IOException;

/** Hears of outputs of a job once they are complete: those that were made together, before the next ones begin. */
@FunctionalInterface
public interface CompletedOutputs {
    /**
     * An output is complete, or was already.
     *
     * @param target its index in the request
     * @throws IOException if the job must not go on: it fails with it
     */
    void complete(int target, OutputResult result) throws IOException;
}
