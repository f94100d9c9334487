package io.nightshift.jobs.cli;

import io.nightshift.jobs.awq.AwqResult;
import io.nightshift.jobs.output.ParquetTable;
import io.nightshift.jobs.quantize.QuantizeResult;
import io.nightshift.jobs.storage.StorageLocation;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/** The linear layers of all outputs that a command made with scales or error feedback, as one Parquet table. */
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

    /** The layers of a GGUF file. Nothing is clipped there. */
    void add(QuantizeResult.Output file) {
        for (QuantizeResult.LinearReport linear : file.linears()) {
            rows.add(RowFactory.create(name(file.location()), linear.module(), linear.scaleRatio(), linear.duo(),
                    linear.nearestLoss(), linear.scaledLoss(), linear.roundedLoss(), 0.0, linear.damping(),
                    linear.dampingRaised(), linear.silentChannels(), linear.measuredRows()));
        }
    }

    /** The layers of an AWQ folder. */
    void add(AwqResult folder) {
        for (AwqResult.LinearReport linear : folder.linears()) {
            rows.add(RowFactory.create(name(folder.location()), linear.module(), linear.scaleRatio(), linear.duo(),
                    linear.nearestLoss(), linear.scaledLoss(), linear.roundedLoss(), linear.clippedShare(),
                    linear.damping(), linear.dampingRaised(), linear.silentChannels(), linear.measuredRows()));
        }
    }

    private static String name(String location) {
        return location.substring(location.lastIndexOf('/') + 1);
    }

    boolean isEmpty() {
        return rows.isEmpty();
    }

    /** Writes it, in place of one that is there. */
    void write(StorageLocation folder, JavaSparkContext spark) {
        ParquetTable.write(rows, COLUMNS, folder, spark);
    }
}
