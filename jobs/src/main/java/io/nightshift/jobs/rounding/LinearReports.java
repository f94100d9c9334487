package io.nightshift.jobs.rounding;

import io.nightshift.formats.architecture.LinearLayer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Adds up what tasks measured of linear layers. */
public final class LinearReports {
    private LinearReports() {}

    /**
     * One report a linear layer that was rounded.
     *
     * @param linears in the order of the reports
     * @param losses of one output, in the order in which they are to be added up
     */
    public static List<LinearReport> of(
            List<LinearLayer> linears, List<LinearLoss> losses, ScalePlan scales, RoundingOptions options) {
        Map<String, LinearLoss> sums = new HashMap<>();
        losses.forEach(loss -> sums.merge(loss.module(), loss, LinearLoss::plus));
        List<LinearReport> reports = new ArrayList<>();
        for (LinearLayer linear : linears) {
            LinearLoss loss = sums.get(linear.module());
            if (loss != null) {
                reports.add(report(loss, scales.groupOf(linear), options));
            }
        }
        return reports;
    }

    private static LinearReport report(LinearLoss loss, Optional<GroupScales> group, RoundingOptions options) {
        double whole = loss.signal() == 0 ? 1 : loss.signal();
        return new LinearReport(
                loss.module(),
                group.map(GroupScales::ratio).orElse(0.0),
                group.map(GroupScales::duo).orElse(false),
                loss.nearest() / whole,
                loss.scaled() / whole,
                loss.rounded() / whole,
                loss.groups() == 0 ? 0 : (double) loss.clippedGroups() / loss.groups(),
                loss.damping(),
                options.feedback() && loss.damping() > options.damping(),
                loss.silentChannels(),
                loss.rows());
    }
}
