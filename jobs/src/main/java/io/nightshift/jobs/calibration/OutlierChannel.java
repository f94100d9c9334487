package io.nightshift.jobs.calibration;

import io.nightshift.jobs.output.ParquetBytes;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.parquet.example.data.Group;

/**
 * A channel that is much larger than others of its input: what makes activations, and the weights that read them, hard
 * to quantize.
 *
 * @param input the input's name
 * @param layer its layer
 * @param channel index of the channel
 * @param meanAbsolute mean of |x|
 * @param rootMeanSquare root of the mean of x²
 * @param ratio root mean square, divided by the median of all channels of the input
 */
public record OutlierChannel(
        String input, int layer, int channel, double meanAbsolute, double rootMeanSquare, double ratio) {
    /** A channel is listed if it is so many times as large as the median one. */
    static final double THRESHOLD = 6;

    /**
     * Those that calibration found.
     *
     * @param table the content of its {@link StatisticsTables#OUTLIERS}
     * @throws IOException if it is no such table
     */
    public static List<OutlierChannel> read(byte[] table) throws IOException {
        List<OutlierChannel> outliers = new ArrayList<>();
        try {
            for (Group row : ParquetBytes.rows(table)) {
                outliers.add(new OutlierChannel(
                        row.getString("input", 0),
                        row.getInteger("layer", 0),
                        row.getInteger("channel", 0),
                        row.getDouble("mean_absolute", 0),
                        row.getDouble("root_mean_square", 0),
                        row.getDouble("ratio_to_median", 0)));
            }
        } catch (RuntimeException e) {
            throw new IOException("is no table of outlier channels", e);
        }
        return outliers;
    }

    /** The outliers of a layer. */
    static List<OutlierChannel> of(LayerStatistics layer) {
        List<OutlierChannel> outliers = new ArrayList<>();
        for (InputSums input : layer.inputs()) {
            double[] roots = Arrays.stream(input.squares()).map(sum -> Math.sqrt(sum / input.tokens())).toArray();
            double[] sorted = roots.clone();
            Arrays.sort(sorted);
            double median = sorted[sorted.length / 2];
            for (int i = 0; i < roots.length && median > 0; i++) {
                if (roots[i] >= THRESHOLD * median) {
                    outliers.add(new OutlierChannel(
                            input.name(),
                            layer.layer(),
                            i,
                            input.absolutes()[i] / input.tokens(),
                            roots[i],
                            roots[i] / median));
                }
            }
        }
        return outliers;
    }
}
