package io.nightshift.jobs.quantize;

import io.nightshift.formats.architecture.LinearLayer;
import io.nightshift.formats.architecture.TensorRecipe;
import io.nightshift.jobs.plan.ModelRounding;
import io.nightshift.jobs.rounding.GroupScales;
import io.nightshift.jobs.rounding.LinearReport;
import io.nightshift.jobs.rounding.ScalePlan;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Adds up what pieces measured of linear layers, in the order of the pieces. */
final class RoundingReports {
    private RoundingReports() {}

    /** One row a linear layer that is rounded in a target. */
    static List<LinearReport> of(int target, List<TensorRecipe> tensors, ModelRounding rounding,
            ScalePlan scales, PieceOutcome.Finished[] finished) {
        Map<String, RoundingLoss> sums = new HashMap<>();
        for (PieceOutcome.Finished piece : finished) {
            piece.losses().stream()
                    .filter(loss -> loss.target() == target)
                    .forEach(loss -> sums.merge(loss.module(), loss, RoundingLoss::plus));
        }
        List<LinearReport> reports = new ArrayList<>();
        for (TensorRecipe tensor : tensors) {
            for (LinearLayer linear : rounding.linears(tensor.name())) {
                RoundingLoss loss = sums.get(linear.module());
                if (loss != null) {
                    reports.add(report(linear, loss, scales.groupOf(linear), rounding));
                }
            }
        }
        return reports;
    }

    private static LinearReport report(
            LinearLayer linear, RoundingLoss loss, Optional<GroupScales> group, ModelRounding rounding) {
        double whole = loss.signal() == 0 ? 1 : loss.signal();
        return new LinearReport(
                linear.module(),
                group.map(GroupScales::ratio).orElse(0.0),
                group.map(GroupScales::duo).orElse(false),
                loss.nearest() / whole,
                loss.scaled() / whole,
                loss.rounded() / whole,
                0,
                loss.damping(),
                rounding.options().feedback() && loss.damping() > rounding.options().damping(),
                loss.silentChannels(),
                loss.rows());
    }
}
