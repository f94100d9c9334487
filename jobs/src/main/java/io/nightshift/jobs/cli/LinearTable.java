package io.nightshift.jobs.cli;

import io.nightshift.jobs.output.ParquetTable;
import io.nightshift.jobs.rounding.LinearReport;
import io.nightshift.jobs.storage.HadoopSettings;
import java.io.IOException;
import java.io.PrintStream;
import java.util.List;
import java.util.Locale;

/**
 * The linear layers of all outputs that a command made with scales or error feedback, as one Parquet table, and those of
 * one as a table for people.
 */
final class LinearTable {
    private final ParquetTable table = new ParquetTable("""
            required binary output (STRING);
            required binary module (STRING);
            required double scale_ratio;
            required boolean duo;
            required double loss_nearest;
            required double loss_scaled;
            required double loss_rounded;
            required double clipped_share;
            required double damping;
            required boolean damping_raised;
            required int32 silent_channels;
            required int32 measured_rows;
            """);

    /** The layers of an output; of one that is made without scales and error feedback there are none. */
    void add(String location, List<LinearReport> linears) {
        String output = location.substring(location.lastIndexOf('/') + 1);
        for (LinearReport linear : linears) {
            table.add(
                    output,
                    linear.module(),
                    linear.scaleRatio(),
                    linear.duo(),
                    linear.nearestLoss(),
                    linear.scaledLoss(),
                    linear.roundedLoss(),
                    linear.clippedShare(),
                    linear.damping(),
                    linear.dampingRaised(),
                    linear.silentChannels(),
                    linear.measuredRows());
        }
    }

    /**
     * Prints the layers of one output, if losses of them were measured.
     */
    static void print(List<LinearReport> linears, PrintStream out) {
        if (linears.stream().allMatch(linear -> linear.measuredRows() == 0)) {
            return;
        }
        boolean clipped = linears.stream().anyMatch(linear -> linear.clippedShare() > 0);
        out.printf(Locale.ROOT, "  %-44s %9s %11s %11s %11s %s%8s%n", "linear layer", "scales", "nearest", "scaled", "rounded",
                clipped ? " clipped " : "", "damping");
        for (LinearReport linear : linears) {
            out.printf(
                    Locale.ROOT,
                    "  %-44s %5.2f %-3s %11.3e %11.3e %11.3e %s%8s%n",
                    linear.module(),
                    linear.scaleRatio(),
                    linear.duo() ? "duo" : "",
                    linear.nearestLoss(),
                    linear.scaledLoss(),
                    linear.roundedLoss(),
                    clipped ? String.format(Locale.ROOT, "%7.1f%% ", 100 * linear.clippedShare()) : "",
                    linear.damping() + (linear.dampingRaised() ? "!" : ""));
        }
    }

    boolean isEmpty() {
        return table.isEmpty();
    }

    /** Writes it, in place of one that is there. */
    void write(String folder, HadoopSettings settings) throws IOException {
        table.write(folder, settings);
    }
}
