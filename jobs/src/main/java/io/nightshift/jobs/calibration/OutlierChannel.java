package io.nightshift.jobs.calibration;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

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
record OutlierChannel(
        String input, int layer, int channel, double meanAbsolute, double rootMeanSquare, double ratio) {
    /** A channel is listed if it is so many times as large as the median one. */
    static final double THRESHOLD = 6;

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
