package io.nightshift.jobs.awq;

import io.nightshift.formats.awq.AwqItem;
import io.nightshift.formats.awq.AwqPlan;
import io.nightshift.formats.safetensors.SafetensorsLayout;
import java.io.PrintStream;
import java.util.Locale;

/** The layout of a folder as a table for people. */
public final class AwqTable {
    private AwqTable() {}

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
