package io.nightshift.jobs.awq;

import io.nightshift.formats.awq.AwqItem;
import io.nightshift.formats.awq.AwqPlan;
import io.nightshift.formats.safetensors.SafetensorsLayout;
import java.io.PrintStream;
import java.util.Locale;

/** The linear layers of a result as a table for people. */
public final class AwqTable {
    private final AwqResult result;

    /** A table of a result. */
    public AwqTable(AwqResult result) {
        this.result = result;
    }

    /** Prints it, if there are losses in it. */
    public void print(PrintStream out) {
        if (result.linears().stream().allMatch(linear -> linear.measuredRows() == 0)) {
            return;
        }
        out.printf(Locale.ROOT, "%-44s %9s %11s %11s %11s %8s %8s%n",
                "linear layer", "scales", "nearest", "scaled", "rounded", "clipped", "damping");
        for (AwqResult.LinearReport linear : result.linears()) {
            out.printf(
                    Locale.ROOT,
                    "%-44s %5.2f %-3s %11.3e %11.3e %11.3e %7.1f%% %8s%n",
                    linear.module(),
                    linear.scaleRatio(),
                    linear.duo() ? "duo" : "",
                    linear.nearestLoss(),
                    linear.scaledLoss(),
                    linear.roundedLoss(),
                    100 * linear.clippedShare(),
                    linear.damping() + (linear.dampingRaised() ? "!" : ""));
        }
    }

    /** Prints what a folder will hold, and what loaders will say to it. */
    public static void printPlan(AwqPlan plan, PrintStream out) {
        for (AwqItem item : plan.items()) {
            boolean packed = item instanceof AwqItem.Packed;
            String name = packed ? ((AwqItem.Packed) item).linear().module() : item.tensors().get(0).name();
            out.printf(Locale.ROOT, "%-52s %-10s %12d bytes  %s%n",
                    name, packed ? "4 bits" : item.tensors().get(0).type().name(), item.length(), item.file());
        }
        plan.warnings().forEach(warning -> out.println("warning: " + warning));
        out.printf(Locale.ROOT, "%d linear layers of 4 bits, %d other tensors, %d shards, %d bytes%n",
                plan.units().size(),
                plan.items().size() - plan.units().size(),
                plan.shards().size(),
                plan.shards().stream().mapToLong(SafetensorsLayout::length).sum());
    }
}
