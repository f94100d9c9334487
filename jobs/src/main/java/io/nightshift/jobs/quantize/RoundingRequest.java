package io.nightshift.jobs.quantize;

import io.nightshift.jobs.rounding.RoundingOptions;
import java.util.Optional;

/**
 * How linear layers are scaled and rounded, where that is not as llama-quantize does it.
 *
 * @param options what is done
 * @param statistics folder of a calibration with Gram matrices
 * @param work folder for factors of the run; empty for one within the output
 */
public record RoundingRequest(RoundingOptions options, String statistics, Optional<String> work) {}
