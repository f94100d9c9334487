package io.nightshift.jobs.calibration;

import java.util.Optional;

/**
 * What the user wants.
 *
 * @param model where the checkpoint is
 * @param output folder for the statistics
 * @param work folder for checkpoints of the run; empty for one within the output
 * @param options how
 * @param preTokenizer name of the BPE pre-tokenizer, where it is not to be recognised
 * @param overwrite whether statistics that are complete already are made again
 */
public record CalibrateRequest(
        String model,
        String output,
        Optional<String> work,
        CalibrationOptions options,
        Optional<String> preTokenizer,
        boolean overwrite) {}
