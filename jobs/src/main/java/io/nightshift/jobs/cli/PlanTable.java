package io.nightshift.jobs.cli;

import io.nightshift.formats.Printable;
import io.nightshift.formats.layout.Item;
import io.nightshift.formats.layout.OutputLayout;
import io.nightshift.jobs.quantize.CheckedTarget;
import io.nightshift.jobs.quantize.EstimatedCost;
import io.nightshift.jobs.quantize.InputStatistics;
import io.nightshift.jobs.quantize.LaidOut;
import io.nightshift.jobs.quantize.QuantizeJob;
import io.nightshift.jobs.quantize.Selection;
import io.nightshift.jobs.quantize.TargetPlan.Needs;
import io.nightshift.jobs.quantize.Unit;
import java.io.IOException;
import java.io.PrintStream;
import java.util.List;
import java.util.Locale;

/** Prints what a job would make: every tensor of every output, then a line for each target. */
final class PlanTable {
    private static final String ROW = "%-18s %-40s %12s %6s %7s %10s  %s%n";

    private PlanTable() {}

    /** @param cores cores of the cluster, which tasks are counted for */
    static void print(QuantizeJob job, int cores, PrintStream out) throws IOException {
        for (CheckedTarget target : job.targets()) {
            target.laidOut().ifPresent(found -> printItems(found, out));
        }
        out.printf(ROW, "target", "output", "bytes", "bits", "tasks", "core hours", "before that");
        EstimatedCost cost = job.cost();
        for (int i = 0; i < job.targets().size(); i++) {
            CheckedTarget target = job.targets().get(i);
            String hours = CoreHours.format(cost.targets().get(i));
            String before = before(target, job);
            if (target.laidOut().isPresent()) {
                OutputLayout layout = target.laidOut().get().layout();
                out.printf(ROW, target.target().name(), layout.name(), Printable.bytes(layout.bytes()),
                        String.format(Locale.ROOT, "%.2f", layout.bitsPerWeight()), job.tasks(target, cores), hours, before);
            } else {
                Selection selection = target.plan().selection().orElseThrow();
                out.printf(ROW, target.target().name(), "", "", "", "", hours, before);
                out.printf(Locale.ROOT, "  %d units, %d choices, at most %s%n", target.plan().units().size(),
                        target.plan().units().stream().map(Unit::choices).mapToInt(List::size).sum(),
                        Printable.bytes(selection.budget() / 8.0));
            }
        }
        out.printf(Locale.ROOT, "tasks are counted for %d core%s%n", cores, cores == 1 ? "" : "s");
        out.println(CoreHours.total(cost));
    }

    private static void printItems(LaidOut found, PrintStream out) {
        out.println(found.layout().name());
        found.layout().items().forEach(item -> out.printf(Locale.ROOT, "  %-52s %14d weights %-10s %10s%s%n",
                item.name(), item.weights(), item.type(), Printable.bytes(item.length()), note(found, item)));
        long gathered = found.layout().items().filter(Item.Gathered.class::isInstance).count();
        out.printf(Locale.ROOT, "  %s%d tensors, %d file%s, %s, %.2f bits per weight%s%n",
                gathered == 0 ? "" : gathered + " linear layers of integers, ",
                found.layout().items().count() - gathered,
                found.layout().files().size(),
                found.layout().files().size() == 1 ? "" : "s",
                Printable.bytes(found.layout().bytes()),
                found.layout().bitsPerWeight(),
                found.notes().isEmpty() ? "" : ", " + found.notes().size() + " of them in a fallback type");
    }

    private static String note(LaidOut found, Item item) {
        String note = found.notes().get(item.name());
        return note == null ? "" : "  (" + note + ")";
    }

    private static String before(CheckedTarget target, QuantizeJob job) {
        if (target.plan().needs() == Needs.NOTHING) {
            return "";
        }
        String statistics = target.plan().needs() == Needs.GRAM ? "Gram matrices" : "importance";
        String from = job.statistics().map(InputStatistics::areMade).orElse(false)
                ? statistics + " (there)"
                : statistics + " (the model is run)";
        return from
                + (target.target().rounding().scaled() ? ", scales" : "")
                + (target.plan().selection().isPresent() ? ", measuring each choice" : "")
                + (target.target().rounding().feedback() ? ", factors" : "");
    }
}
