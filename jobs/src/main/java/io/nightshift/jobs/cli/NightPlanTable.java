package io.nightshift.jobs.cli;

import io.nightshift.formats.Printable;
import io.nightshift.jobs.batch.result.NightResult;
import io.nightshift.jobs.batch.run.ModelPlan;
import io.nightshift.jobs.batch.state.OutputState;
import java.io.PrintStream;
import java.util.List;
import java.util.Locale;

/** Prints a night before and after it: a line an output. */
final class NightPlanTable {
    private static final String ROW = "%-28s %-16s %12s %6s %7s  %s%n";

    private NightPlanTable() {}

    /** @param cores cores of the cluster, which tasks are counted for */
    static void print(List<ModelPlan> plans, int cores, PrintStream out) {
        out.printf(ROW, "model", "target", "bytes", "bits", "tasks", "");
        long bytes = 0;
        for (ModelPlan plan : plans) {
            plan.failure().ifPresent(why -> out.printf("%-28s cannot be made: %s%n", plan.model().name(), why));
            plan.refused().forEach((request, why) ->
                    out.printf("%-28s %-16s cannot be made: %s%n", plan.model().name(), request.target(), why));
            for (ModelPlan.Output output : plan.outputs()) {
                out.printf(ROW, plan.model().name(), output.request().target(),
                        output.bytes().map(size -> Printable.bytes(size)).orElse(""),
                        output.bitsPerWeight().map(bits -> String.format(Locale.ROOT, "%.2f", bits)).orElse(""),
                        output.tasks() == 0 ? "" : output.tasks(),
                        output.found() ? "complete already" : "");
                bytes += output.found() ? 0 : output.bytes().orElse(0L);
            }
        }
        out.printf(Locale.ROOT, "%s to make; tasks are counted for %d core%s%n", Printable.bytes(bytes), cores,
                cores == 1 ? "" : "s");
        out.println(CoreHours.total(plans.stream().flatMap(plan -> plan.costs().stream()).toList()));
    }

    static void print(NightResult result, PrintStream out) {
        for (OutputState row : result.outputs()) {
            out.printf(Locale.ROOT, "%-28s %-16s %-12s %12s  %s%n", row.model(), row.target(),
                    row.status().words(),
                    row.status().isThere() ? Printable.bytes(row.bytes()) : "", row.error());
        }
        out.printf("run %s: %s%n", result.run(), result.status().name().toLowerCase(Locale.ROOT));
    }
}
