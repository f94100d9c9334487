package io.nightshift.jobs.calibration;

import io.nightshift.jobs.output.ParquetTable;
import io.nightshift.jobs.storage.StorageLocation;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/** What people look at: tokens of experts and outlier channels, as Parquet. */
final class StatisticsTables {
    /** Tokens of experts. */
    static final String EXPERTS = "experts.parquet";

    /** Outlier channels. */
    static final String OUTLIERS = "outliers.parquet";

    private static final StructType EXPERT_COLUMNS = new StructType()
            .add("layer", DataTypes.IntegerType, false)
            .add("expert", DataTypes.IntegerType, false)
            .add("tokens", DataTypes.LongType, false)
            .add("share", DataTypes.DoubleType, false)
            .add("pooled", DataTypes.BooleanType, false);
    private static final StructType OUTLIER_COLUMNS = new StructType()
            .add("input", DataTypes.StringType, false)
            .add("layer", DataTypes.IntegerType, false)
            .add("channel", DataTypes.IntegerType, false)
            .add("mean_absolute", DataTypes.DoubleType, false)
            .add("root_mean_square", DataTypes.DoubleType, false)
            .add("ratio_to_median", DataTypes.DoubleType, false);

    private final List<Row> experts = new ArrayList<>();
    private final List<Row> outliers = new ArrayList<>();

    void add(LayerStatistics layer, int minExpertTokens) {
        long all = 0;
        for (long tokens : layer.expertTokens()) {
            all += tokens;
        }
        for (int i = 0; i < layer.expertTokens().length; i++) {
            long tokens = layer.expertTokens()[i];
            experts.add(RowFactory.create(
                    layer.layer(), i, tokens, (double) tokens / all, tokens < Math.max(1, minExpertTokens)));
        }
        for (OutlierChannel outlier : OutlierChannel.of(layer)) {
            outliers.add(RowFactory.create(
                    outlier.input(),
                    outlier.layer(),
                    outlier.channel(),
                    outlier.meanAbsolute(),
                    outlier.rootMeanSquare(),
                    outlier.ratio()));
        }
    }

    void write(StorageLocation folder, JavaSparkContext spark) {
        if (!experts.isEmpty()) {
            ParquetTable.write(experts, EXPERT_COLUMNS, folder, EXPERTS, spark);
        }
        ParquetTable.write(outliers, OUTLIER_COLUMNS, folder, OUTLIERS, spark);
    }
}
