package io.nightshift.jobs.cli;

import io.nightshift.jobs.quantize.EstimatedCost;
import java.util.List;
import java.util.Locale;

/** Estimated costs, for people. */
final class CoreHours {
    private static final double SECONDS = 3600;
    private static final double LEAST = 0.01;

    private CoreHours() {}

    /** With two digits that count, at least. */
    static String format(double coreSeconds) {
        double hours = coreSeconds / SECONDS;
        return hours < LEAST ? "<" + LEAST : String.format(Locale.ROOT, hours >= 10 ? "%.0f" : "%.2g", hours);
    }

    /** A line for all of a job. */
    static String total(EstimatedCost cost) {
        return total(List.of(cost));
    }

    /** A line for all jobs. */
    static String total(List<EstimatedCost> costs) {
        double calibration = costs.stream().mapToDouble(cost -> cost.calibration().orElse(0)).sum();
        double all = costs.stream().mapToDouble(EstimatedCost::coreSeconds).sum();
        boolean known = costs.stream().allMatch(cost -> cost.calibration().isPresent());
        return (all < LEAST * SECONDS ? "less than " + LEAST : "about " + format(all)) + " core hours in all"
                + (calibration > 0 ? ", " + format(calibration) + " of them for calibration" : "")
                + (known ? "" : ", and what running the model over all of the texts takes")
                + ", on a core as in docs/performance.md; start-up and evaluation come on top";
    }
}
