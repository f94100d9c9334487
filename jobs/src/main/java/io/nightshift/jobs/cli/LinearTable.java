package io.nightshift.jobs.cli;

import io.nightshift.jobs.output.ParquetTable;
import io.nightshift.jobs.rounding.LinearReport;
import io.nightshift.jobs.storage.StorageLocation;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * The linear layers of all outputs that a command made with scales or error feedback, as one Parquet table, and those of
 * one as a table for people.
 */
final class LinearTable {
    private static final StructType COLUMNS = new StructType()
            .add("output", DataTypes.StringType, false)
            .add("module", DataTypes.StringType, false)
            .add("scale_ratio", DataTypes.DoubleType, false)
            .add("duo", DataTypes.BooleanType, false)
            .add("loss_nearest", DataTypes.DoubleType, false)
            .add("loss_scaled", DataTypes.DoubleType, false)
            .add("loss_rounded", DataTypes.DoubleType, false)
            .add("clipped_share", DataTypes.DoubleType, false)
            .add("damping", DataTypes.DoubleType, false)
            .add("damping_raised", DataTypes.BooleanType, false)
            .add("silent_channels", DataTypes.IntegerType, false)
            .add("measured_rows", DataTypes.IntegerType, false);

    private final List<Row> rows = new ArrayList<>();

    /** The layers of an output; of one that is made without scales and error feedback there are none. */
    void add(String location, List<LinearReport> linears) {
        String output = location.substring(location.lastIndexOf('/') + 1);
        for (LinearReport linear : linears) {
            rows.add(RowFactory.create(
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
                    linear.measuredRows()));
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
        return rows.isEmpty();
    }

    /** Writes it, in place of one that is there. */
    void write(StorageLocation folder, JavaSparkContext spark) {
        ParquetTable.write(rows, COLUMNS, folder, spark);
    }
}
