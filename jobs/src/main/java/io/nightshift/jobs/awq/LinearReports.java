package io.nightshift.jobs.awq;

import io.nightshift.formats.awq.AwqItem;
import io.nightshift.formats.awq.AwqPlan;
import io.nightshift.jobs.rounding.GroupScales;
import io.nightshift.jobs.rounding.LinearReport;
import io.nightshift.jobs.rounding.RoundingOptions;
import io.nightshift.jobs.rounding.ScalePlan;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** Adds up what was measured of each layer's blocks, in the order of its rows. */
final class LinearReports {
    private final AwqPlan plan;
    private final ScalePlan scales;
    private final RoundingOptions options;

    LinearReports(AwqPlan plan, ScalePlan scales, RoundingOptions options) {
        this.plan = plan;
        this.scales = scales;
        this.options = options;
    }

    /** @param measures of all blocks, by layer and row */
    List<LinearReport> of(List<RoundedBlock.Measure> measures) {
        Map<Integer, List<RoundedBlock.Measure>> byUnit =
                measures.stream().collect(Collectors.groupingBy(RoundedBlock.Measure::unit));
        List<AwqItem.Packed> units = plan.units();
        List<LinearReport> reports = new ArrayList<>();
        for (int i = 0; i < units.size(); i++) {
            reports.add(report(units.get(i), byUnit.get(i)));
        }
        return reports;
    }

    private LinearReport report(AwqItem.Packed unit, List<RoundedBlock.Measure> blocks) {
        double signal = 0;
        double nearest = 0;
        double scaled = 0;
        double rounded = 0;
        long clipped = 0;
        int measured = 0;
        for (RoundedBlock.Measure block : blocks) {
            signal += block.signal();
            nearest += block.nearest();
            scaled += block.scaled();
            rounded += block.rounded();
            clipped += block.clippedGroups();
            measured += block.measuredRows();
        }
        double whole = signal == 0 ? 1 : signal;
        Optional<GroupScales> group = scales.groupOf(unit.linear());
        double damping = blocks.get(0).damping();
        return new LinearReport(
                unit.linear().module(),
                group.map(GroupScales::ratio).orElse(0.0),
                group.map(GroupScales::duo).orElse(false),
                nearest / whole,
                scaled / whole,
                rounded / whole,
                (double) clipped / ((long) unit.outputs() * unit.groups()),
                damping,
                options.feedback() && damping > options.damping(),
                blocks.get(0).silentChannels(),
                measured);
    }
}
