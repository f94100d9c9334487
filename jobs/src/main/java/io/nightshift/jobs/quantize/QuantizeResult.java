package io.nightshift.jobs.quantize;

import io.nightshift.jobs.calibration.CalibrateResult;
import java.util.List;
import java.util.Optional;

/**
 * What a job did.
 *
 * @param outputs one for each target, in the order of the request
 * @param calibration what running the model gave, where that was asked for
 */
public record QuantizeResult(List<OutputResult> outputs, Optional<CalibrateResult> calibration) {}
