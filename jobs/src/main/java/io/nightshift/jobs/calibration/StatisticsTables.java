package io.nightshift.jobs.calibration;

import io.nightshift.jobs.output.OutputFolder;
import io.nightshift.jobs.output.ParquetTable;
import java.io.IOException;

/** What people look at: tokens of experts and outlier channels, as Parquet. */
public final class StatisticsTables {
    /** Tokens of experts. */
    static final String EXPERTS = "experts.parquet";

    /** Outlier channels. */
    public static final String OUTLIERS = "outliers.parquet";

    private final ParquetTable experts = new ParquetTable("""
            required int32 layer;
            required int32 expert;
            required int64 tokens;
            required double share;
            required boolean pooled;
            """);
    private final ParquetTable outliers = new ParquetTable("""
            required binary input (STRING);
            required int32 layer;
            required int32 channel;
            required double mean_absolute;
            required double root_mean_square;
            required double ratio_to_median;
            """);

    void add(LayerStatistics layer, int minExpertTokens) {
        long all = 0;
        for (long tokens : layer.expertTokens()) {
            all += tokens;
        }
        for (int i = 0; i < layer.expertTokens().length; i++) {
            long tokens = layer.expertTokens()[i];
            experts.add(layer.layer(), i, tokens, (double) tokens / all, tokens < Math.max(1, minExpertTokens));
        }
        for (OutlierChannel outlier : OutlierChannel.of(layer)) {
            outliers.add(
                    outlier.input(),
                    outlier.layer(),
                    outlier.channel(),
                    outlier.meanAbsolute(),
                    outlier.rootMeanSquare(),
                    outlier.ratio());
        }
    }

    /** Writes them, that of experts in a model that has some. */
    void write(OutputFolder folder, String plan) throws IOException {
        if (!experts.isEmpty()) {
            folder.write(EXPERTS, plan, experts.toBytes());
        }
        folder.write(OUTLIERS, plan, outliers.toBytes());
    }
}
