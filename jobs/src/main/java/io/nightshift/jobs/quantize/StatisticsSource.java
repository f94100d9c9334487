package io.nightshift.jobs.quantize;

import io.nightshift.jobs.calibration.CalibrationOptions;

/** Where the statistics of linear layers' inputs come from. */
public sealed interface StatisticsSource {
    /** There are none. */
    StatisticsSource NONE = new None();

    /** There are none. */
    record None() implements StatisticsSource {}

    /**
     * What {@code nightshift calibrate} left.
     *
     * @param folder where it is
     */
    record Folder(String folder) implements StatisticsSource {}

    /**
     * The model is run first; what it gives stays beside the outputs.
     *
     * @param options how; what is kept of the statistics follows from the targets
     * @param option the option that names the texts, for messages
     */
    record Calibration(CalibrationOptions options, String option) implements StatisticsSource {}
}
