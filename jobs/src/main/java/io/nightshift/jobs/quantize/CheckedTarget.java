package io.nightshift.jobs.quantize;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.layout.Item;
import io.nightshift.formats.layout.LaidOutFile;
import io.nightshift.jobs.rounding.StatisticsReference;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * A target that can be made.
 *
 * @param plan what it does
 * @param laidOut its output, where no choice hangs on a measurement
 */
public record CheckedTarget(Target target, TargetPlan plan, Optional<LaidOut> laidOut) {
    /**
     * Checks all targets of a request.
     *
     * @throws InvalidModelException if one cannot be made, or two of them are the same output
     * @throws IOException if something cannot be read
     */
    static List<CheckedTarget> all(List<Target> targets, Model model, Optional<InputStatistics> statistics)
            throws IOException {
        List<CheckedTarget> checked = new ArrayList<>();
        Set<String> names = new HashSet<>();
        for (Target target : targets) {
            CheckedTarget found = of(target, model, statistics);
            checked.add(found);
            if (!names.add(found.outputName(model))) {
                throw new InvalidModelException("--to: several targets would make " + found.outputName(model)
                        + "; make them one after another, with another --output");
            }
        }
        return List.copyOf(checked);
    }

    private static CheckedTarget of(Target target, Model model, Optional<InputStatistics> statistics)
            throws IOException {
        if (target.rounding().needsStatistics() && statistics.isEmpty()) {
            throw missing(target, target.rounding().scaled() ? "--scales awq" : "--rounding gptq");
        }
        TargetPlan plan = target.check(model, statistics);
        Optional<StatisticsReference> made = statistics.flatMap(InputStatistics::reference);
        if (target.rounding().propagates() && made.isPresent()) {
            PropagatePhase.requireTokens(target.name(), made.get());
        }
        if (plan.needs() != TargetPlan.Needs.NOTHING && statistics.isEmpty()) {
            throw missing(target, "the choice of encodings");
        }
        Optional<LaidOut> laidOut = plan.selection().isPresent()
                ? Optional.empty()
                : Optional.of(target.layOut(model, statistics, Chosen.fixed(plan)));
        return new CheckedTarget(target, plan, laidOut);
    }

    private static InvalidModelException missing(Target target, String what) {
        return new InvalidModelException("--to " + target.name() + ": " + what + " needs statistics of the layers' inputs:"
                + " give --calibration FILES or --stats FOLDER"
                + (target.canDoWithoutStatistics() ? ", or --scales none --rounding nearest to do without" : ""));
    }

    private String outputName(Model model) {
        return laidOut.map(found -> found.layout().name()).orElse(model.name() + " as " + target.name());
    }

    /** Bytes of the output, where no choice hangs on a measurement. */
    public Optional<Long> bytes() {
        return laidOut.map(found -> found.layout().bytes());
    }

    /** Whether it is cut into parts together with another target: each is one file, of the same items. */
    boolean isCutLike(CheckedTarget other) {
        if (laidOut.isEmpty() || other.laidOut.isEmpty()) {
            return false;
        }
        List<LaidOutFile> files = laidOut.get().layout().files();
        List<LaidOutFile> others = other.laidOut.get().layout().files();
        if (files.size() != 1 || others.size() != 1) {
            return false;
        }
        List<Item> items = files.get(0).items();
        List<Item> ofOther = others.get(0).items();
        for (int i = 0; i < items.size() && items.size() == ofOther.size(); i++) {
            if (!items.get(i).isMadeOfTheSameAs(ofOther.get(i))) {
                return false;
            }
        }
        return items.size() == ofOther.size();
    }
}
