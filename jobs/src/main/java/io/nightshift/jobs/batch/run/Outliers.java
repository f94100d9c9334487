package io.nightshift.jobs.batch.run;

import io.nightshift.jobs.batch.files.NightFiles;
import io.nightshift.jobs.batch.report.ModelDetail;
import io.nightshift.jobs.calibration.CalibrateResult;
import io.nightshift.jobs.calibration.OutlierChannel;
import io.nightshift.jobs.calibration.StatisticsTables;
import io.nightshift.jobs.quantize.QuantizeRequest;
import io.nightshift.jobs.quantize.QuantizeResult;
import io.nightshift.jobs.quantize.StatisticsSource;
import io.nightshift.jobs.storage.HadoopSettings;
import java.io.IOException;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/** Outlier channels, as calibration left them beside the statistics that a model's outputs were made by. */
final class Outliers {
    /** More than a page shows. */
    private static final int MOST = 100;

    private Outliers() {}

    /**
     * The largest ones; none where no statistics were used.
     *
     * @throws IOException if they cannot be read
     */
    static List<ModelDetail.Outlier> of(QuantizeRequest request, QuantizeResult result, HadoopSettings settings)
            throws IOException {
        Optional<String> statistics = request.statistics() instanceof StatisticsSource.Folder given
                ? Optional.of(given.folder())
                : result.calibration().map(CalibrateResult::location);
        if (statistics.isEmpty()) {
            return List.of();
        }
        Optional<byte[]> table = NightFiles.open(statistics.get(), settings).read(StatisticsTables.OUTLIERS);
        return table.isEmpty()
                ? List.of()
                : OutlierChannel.read(table.get()).stream()
                        .sorted(Comparator.comparingDouble(OutlierChannel::ratio).reversed())
                        .limit(MOST)
                        .map(found -> new ModelDetail.Outlier(found.input(), found.layer(), found.channel(), found.ratio()))
                        .toList();
    }
}
