package io.nightshift.jobs.rounding;

import io.nightshift.formats.architecture.LinearLayer;
import io.nightshift.formats.architecture.ScaleGroup;
import io.nightshift.formats.architecture.SourceRows;
import io.nightshift.formats.statistics.InputSummary;
import io.nightshift.formats.statistics.StatisticsReader;
import io.nightshift.formats.storage.ModelFolder;
import io.nightshift.jobs.metrics.RunCounter;
import io.nightshift.kernels.linear.GramLoss;
import io.nightshift.kernels.linear.GramMatrix;
import io.nightshift.kernels.parallel.Workers;
import io.nightshift.kernels.scaling.ScaleCandidate;
import io.nightshift.kernels.scaling.ScaleComparison;
import io.nightshift.kernels.scaling.ScaleLoss;
import io.nightshift.kernels.scaling.ScaleSearch;
import io.nightshift.kernels.scaling.ScaledLinear;
import io.nightshift.kernels.scaling.WeightMagnitudes;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Searches the scales of one group, within a task.
 *
 * <p>Memory: the Gram matrix twice (4 * channels² bytes), the sampled rows four times and a block of rows four times.
 * Weights are read in blocks, and once more where the sample does not tell whether scales are better than none: nothing else of
 * them is held.
 */
final class ScaleTask {
    /** Weights that are read at once, about. */
    private static final int BLOCK_WEIGHTS = 4 << 20;

    private final ScaleGroup group;
    private final ScaleTarget target;
    private final LinearRows rows;
    private final Workers workers;
    private final double[] inputMeans;
    private final ScaleLoss losses;

    private ScaleTask(ScaleGroup group, ScaleTarget target, StatisticsReader statistics, ModelFolder source,
            Workers workers) throws IOException {
        this.group = group;
        this.target = target;
        this.rows = new LinearRows(source);
        this.workers = workers;
        InputSummary input = group.isOfPooledExperts()
                ? statistics.pooled(group.statisticsOf().tensor())
                : StatisticsReference.input(statistics, group.statisticsOf());
        GramMatrix gram = StatisticsReference.gram(statistics, input);
        this.inputMeans = StatisticsReference.means(statistics, input);
        group.average(inputMeans);
        this.losses = new ScaleLoss(GramLoss.of(gram, workers), gram.diagonal());
    }

    /**
     * Searches.
     *
     * @param options how many ratios
     * @throws io.nightshift.formats.InvalidModelException if there are no statistics of the group, or a weight is
     *     damaged
     * @throws IOException if something cannot be read
     */
    static GroupScales run(ScaleGroup group, ScaleTarget target, RoundingOptions options,
            StatisticsReader statistics, ModelFolder source, Workers workers) throws IOException {
        GroupScales found = new ScaleTask(group, target, statistics, source, workers).search(options);
        RunCounter.BYTES_READ.add(found.bytesRead());
        return found;
    }

    private GroupScales search(RoundingOptions options) throws IOException {
        int groupSize = target.encoding(group.linears().get(0)).groupSize();
        WeightMagnitudes magnitudes = new WeightMagnitudes(group.channels(), groupSize);
        List<ScaledLinear> samples = new ArrayList<>();
        for (LinearLayer linear : group.linears()) {
            samples.add(sample(linear, magnitudes));
        }
        double[] weightMeans = magnitudes.means();
        group.average(weightMeans);
        ScaleCandidate best = ScaleSearch.best(
                losses, inputMeans, weightMeans, samples, ScaleCandidate.grid(options.ratios()), workers);
        return settled(best, exact(best.scales(inputMeans, weightMeans)), samples);
    }

    /** The best candidate's scales, unless none at all lose as little. */
    private GroupScales settled(ScaleCandidate best, float[] scales, List<ScaledLinear> samples) throws IOException {
        boolean gain = false;
        if (!best.equals(ScaleCandidate.NONE)) {
            ScaleComparison comparison = onSamples(samples, scales);
            gain = (comparison.isSettled() ? comparison : onAllRows(scales)).isGain();
        }
        return gain
                ? new GroupScales(group, scales, best.ratio(), best.duo(), rows.bytesRead())
                : new GroupScales(group, ones(group.channels()), 0, false, rows.bytesRead());
    }

    private ScaleComparison onSamples(List<ScaledLinear> samples, float[] scales) {
        ScaleComparison comparison = new ScaleComparison();
        for (int i = 0; i < samples.size(); i++) {
            add(comparison, samples.get(i), scales, group.linears().get(i).outputs());
        }
        return comparison;
    }

    private ScaleComparison onAllRows(float[] scales) throws IOException {
        ScaleComparison comparison = new ScaleComparison();
        for (LinearLayer linear : group.linears()) {
            forBlocks(linear, (first, block) -> add(comparison, block, scales, block.rows()));
        }
        return comparison;
    }

    private void add(ScaleComparison comparison, ScaledLinear linear, float[] scales, long standFor) {
        double[] unscaled = losses.ofRows(linear, ones(scales.length), workers);
        comparison.add(unscaled, losses.ofRows(linear, scales, workers), standFor);
    }

    /** A norm holds the quotient rounded to its type: the scales become those that it divides by exactly. */
    private float[] exact(float[] scales) throws IOException {
        if (!group.isNorm()) {
            return scales;
        }
        SourceRows norm = group.norm();
        float[] weights = rows.read(norm, 0, 1);
        float[] stored = VectorFolding.divided(weights, norm.shift(), scales, 0);
        target.roundNorm(norm.tensor().type(), stored);
        float[] exact = new float[scales.length];
        for (int i = 0; i < exact.length; i++) {
            float scale = weights[i] / (stored[i] + norm.shift());
            // A channel that is switched off stays as it is.
            exact[i] = scale > 0 && scale < Float.MAX_VALUE ? scale : 1;
        }
        return exact;
    }

    private ScaledLinear sample(LinearLayer linear, WeightMagnitudes magnitudes) throws IOException {
        int columns = group.channels();
        int outputs = Math.toIntExact(linear.outputs());
        int count = ScalePlanner.sampledRows(outputs, group.linears().size());
        float[] sample = new float[count * columns];
        int[] taken = {0};
        forBlocks(linear, (first, block) -> {
            magnitudes.add(block.weights(), 0, block.rows());
            for (; taken[0] < count; taken[0]++) {
                int row = (int) ((long) taken[0] * outputs / count) - first;
                if (row >= block.rows()) {
                    break;
                }
                System.arraycopy(block.weights(), row * columns, sample, taken[0] * columns, columns);
            }
        });
        return new ScaledLinear(sample, count, columns, target.encoding(linear)::coder);
    }

    /** What is done with a block of a layer's rows. */
    private interface BlockAction {
        void apply(int first, ScaledLinear block);
    }

    private void forBlocks(LinearLayer linear, BlockAction action) throws IOException {
        int columns = group.channels();
        int outputs = Math.toIntExact(linear.outputs());
        int atOnce = Math.max(1, BLOCK_WEIGHTS / columns);
        for (int from = 0; from < outputs; from += atOnce) {
            int to = Math.min(outputs, from + atOnce);
            float[] weights = rows.read(linear.source(), from, to);
            action.apply(from, new ScaledLinear(weights, to - from, columns, target.encoding(linear)::coder));
        }
    }

    private static float[] ones(int channels) {
        float[] ones = new float[channels];
        Arrays.fill(ones, 1);
        return ones;
    }
}
