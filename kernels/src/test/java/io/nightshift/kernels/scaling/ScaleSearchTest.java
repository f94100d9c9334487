package io.nightshift.kernels.scaling;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.nightshift.kernels.BlockInputs;
import io.nightshift.kernels.CorrelatedInputs;
import io.nightshift.kernels.GgmlType;
import io.nightshift.kernels.encoding.GgmlEncoding;
import io.nightshift.kernels.encoding.IntegerEncoding;
import io.nightshift.kernels.encoding.IntegerGroups;
import io.nightshift.kernels.encoding.ScaleType;
import io.nightshift.kernels.linear.GramLoss;
import io.nightshift.kernels.linear.GramMatrix;
import io.nightshift.kernels.parallel.Workers;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ScaleSearchTest {
    private static final int TOKENS = 300;
    private static final int CHANNELS = 256;
    private static final int GROUP = 64;
    private static final int ROWS = 70;

    private final IntegerGroups groups = new IntegerGroups(4, GROUP, false, ScaleType.F32);
    private final float[] activations = CorrelatedInputs.activations(TOKENS, CHANNELS, 1);
    private final GramMatrix gram = CorrelatedInputs.gram(activations, TOKENS, CHANNELS);
    private final double[] inputMeans = CorrelatedInputs.means(activations, TOKENS, CHANNELS);
    private final float[] weights = BlockInputs.NORMAL.rows(ROWS, CHANNELS, 2);
    private final ScaledLinear linear =
            new ScaledLinear(weights, ROWS, CHANNELS, () -> new IntegerEncoding(groups, false).coder());
    private final Workers workers = new Workers(1);

    @AfterEach
    void closeWorkers() {
        workers.close();
    }

    /** AutoAWQ's steps, plainly: outputs instead of the Gram matrix, its own rounding. */
    @Test
    void lossesAndTheBestCandidateAreThoseOfTheOutputs() {
        double[] weightMeans = weightMeans();
        ScaleLoss losses = new ScaleLoss(GramLoss.of(gram, workers), gram.diagonal());
        List<ScaleCandidate> candidates = ScaleCandidate.grid(20);
        double[] expected = new double[candidates.size()];
        for (int i = 0; i < expected.length; i++) {
            double[] scales = plainScales(candidates.get(i), weightMeans);
            float[] found = candidates.get(i).scales(inputMeans, weightMeans);
            for (int k = 0; k < CHANNELS; k++) {
                assertEquals(scales[k], found[k], 1e-6 * scales[k]);
            }
            expected[i] = plainLoss(found);
            assertEquals(expected[i], losses.of(linear, found, workers), 1e-3 * expected[i]);
        }
        ScaleCandidate found = ScaleSearch.best(losses, inputMeans, weightMeans, List.of(linear), candidates, workers);
        int best = 0;
        for (int i = 1; i < expected.length; i++) {
            best = expected[i] < expected[best] ? i : best;
        }
        assertEquals(candidates.get(best), found);
        assertTrue(expected[best] < 0.9 * expected[0]);
    }

    /** Of half of the rows none was seen: the others tell it, if scales do much. */
    @Test
    void aSampleOfRowsSettlesWhetherScalesAreBetterThanNone() {
        ScaleLoss losses = new ScaleLoss(GramLoss.of(gram, workers), gram.diagonal());
        float[] good = new ScaleCandidate(0.4, false).scales(inputMeans, weightMeans());
        double[] poorMeans = new double[CHANNELS];
        Arrays.setAll(poorMeans, i -> i % 7 == 0 ? 1e-3 : 1);
        float[] poor = new ScaleCandidate(0.95, false).scales(poorMeans, weightMeans());
        float[] ones = ScaleCandidate.NONE.scales(inputMeans, weightMeans());
        ScaledLinear sample = linear.sample(ROWS / 2);
        for (float[] scales : List.of(good, poor)) {
            ScaleComparison comparison = new ScaleComparison();
            comparison.add(losses.ofRows(sample, ones, workers), losses.ofRows(sample, scales, workers), ROWS);
            assertTrue(comparison.isSettled());
            assertEquals(scales == good, comparison.isGain());
            assertEquals(scales == good, losses.of(linear, scales, workers) < losses.of(linear, ones, workers));
        }
    }

    @Test
    void scalesOfGgufTypesTakeImportanceAlong() {
        for (GgmlType type : List.of(GgmlType.Q4_0, GgmlType.Q4_K, GgmlType.IQ4_XS)) {
            ScaledLinear blocks = new ScaledLinear(weights, ROWS, CHANNELS, () -> new GgmlEncoding(type).coder());
            ScaleLoss losses = new ScaleLoss(GramLoss.of(gram, workers), gram.diagonal());
            ScaleCandidate found = ScaleSearch.best(
                    losses, inputMeans, weightMeans(), List.of(blocks.sample(32)), ScaleCandidate.grid(20), workers);
            float[] scales = found.scales(inputMeans, weightMeans());
            float[] ones = ScaleCandidate.NONE.scales(inputMeans, weightMeans());
            assertTrue(losses.of(blocks, scales, workers) < losses.of(blocks, ones, workers), type + ": " + found);
        }
    }

    @Test
    void threadsDoNotChangeBits() {
        try (Workers three = new Workers(3)) {
            float[] scales = new ScaleCandidate(0.4, true).scales(inputMeans, weightMeans());
            ScaleLoss losses = new ScaleLoss(GramLoss.of(gram, workers), gram.diagonal());
            assertEquals(losses.of(linear, scales, workers), losses.of(linear, scales, three));
        }
    }

    @Test
    void channelWithoutInputGetsTheLeastScale() {
        inputMeans[3] = 0;
        float[] scales = new ScaleCandidate(0.5, false).scales(inputMeans, weightMeans());
        float least = Float.POSITIVE_INFINITY;
        float largest = 0;
        for (float scale : scales) {
            least = Math.min(least, scale);
            largest = Math.max(largest, scale);
        }
        assertEquals(least, scales[3]);
        assertEquals(1, least * largest, 1e-5);
    }

    @Test
    void layerWithoutAnyInputIsNotScaled() {
        float[] scales = new ScaleCandidate(0.5, true).scales(new double[CHANNELS], weightMeans());
        float[] ones = new float[CHANNELS];
        Arrays.fill(ones, 1);
        assertArrayEquals(ones, scales);
    }

    /** What fewer rows leave out are candidates that lose more: of many rows the choice is all but the best. */
    @Test
    void fewCandidatesAreTriedOnAllRows() {
        assertEquals(13, ScaleSearch.passes(40));
        int rows = 2048;
        ScaledLinear many = new ScaledLinear(BlockInputs.NORMAL.rows(rows, CHANNELS, 5), rows, CHANNELS,
                () -> new IntegerEncoding(groups, false).coder());
        WeightMagnitudes magnitudes = new WeightMagnitudes(CHANNELS, GROUP);
        magnitudes.add(many.weights(), 0, rows);
        double[] weightMeans = magnitudes.means();
        ScaleLoss losses = new ScaleLoss(GramLoss.of(gram, workers), gram.diagonal());
        List<ScaleCandidate> candidates = ScaleCandidate.grid(20);
        ScaleCandidate found = ScaleSearch.best(losses, inputMeans, weightMeans, List.of(many), candidates, workers);
        double least = Double.POSITIVE_INFINITY;
        for (ScaleCandidate candidate : candidates) {
            least = Math.min(least, losses.of(many, candidate.scales(inputMeans, weightMeans), workers));
        }
        assertTrue(losses.of(many, found.scales(inputMeans, weightMeans), workers) <= 1.01 * least);
    }

    @Test
    void samplesAreSpreadOverTheRows() {
        ScaledLinear sample = linear.sample(7);
        assertEquals(7, sample.rows());
        assertArrayEquals(Arrays.copyOfRange(weights, 60 * CHANNELS, 61 * CHANNELS),
                Arrays.copyOfRange(sample.weights(), 6 * CHANNELS, 7 * CHANNELS));
        assertEquals(linear, linear.sample(ROWS));
    }

    @Test
    void sizesThatDoNotBelongTogetherAreRefused() {
        ScaleLoss losses = new ScaleLoss(GramLoss.of(gram, workers), gram.diagonal());
        assertThrows(IllegalArgumentException.class, () -> losses.of(linear, new float[CHANNELS - 1], workers));
        assertThrows(IllegalArgumentException.class, () -> new WeightMagnitudes(100, 64));
        assertThrows(IllegalArgumentException.class, () -> ScaleCandidate.NONE.scales(new double[2], new double[3]));
    }

    private double[] weightMeans() {
        WeightMagnitudes magnitudes = new WeightMagnitudes(CHANNELS, GROUP);
        magnitudes.add(weights, 0, ROWS);
        return magnitudes.means();
    }

    private double[] plainScales(ScaleCandidate candidate, double[] weightMeans) {
        double[] scales = new double[CHANNELS];
        for (int i = 0; i < CHANNELS; i++) {
            double scale = Math.pow(inputMeans[i], candidate.ratio());
            scale = candidate.duo() ? scale / (Math.pow(weightMeans[i], 1 - candidate.ratio()) + 1e-4) : scale;
            scales[i] = Math.max(scale, 1e-4);
        }
        double middle = Math.sqrt(
                Arrays.stream(scales).max().orElseThrow() * Arrays.stream(scales).min().orElseThrow());
        return Arrays.stream(scales).map(scale -> scale / middle).toArray();
    }

    private double plainLoss(float[] scales) {
        double loss = 0;
        for (int row = 0; row < ROWS; row++) {
            double[] change = new double[CHANNELS];
            for (int first = 0; first < CHANNELS; first += GROUP) {
                plainRound(row * CHANNELS + first, first, scales, change);
            }
            for (int token = 0; token < TOKENS; token++) {
                double output = 0;
                for (int i = 0; i < CHANNELS; i++) {
                    output += change[i] * activations[token * CHANNELS + i];
                }
                loss += output * output;
            }
        }
        return loss;
    }

    /** pseudo_quantize_tensor. */
    private void plainRound(int at, int first, float[] scales, double[] change) {
        float least = Float.POSITIVE_INFINITY;
        float largest = Float.NEGATIVE_INFINITY;
        for (int i = 0; i < GROUP; i++) {
            float scaled = weights[at + i] * scales[first + i];
            least = Math.min(least, scaled);
            largest = Math.max(largest, scaled);
        }
        float step = Math.max(largest - least, 1e-5f) / 15;
        double zero = Math.min(15, Math.max(0, -Math.rint(least / step)));
        for (int i = 0; i < GROUP; i++) {
            float scaled = weights[at + i] * scales[first + i];
            double level = Math.min(15, Math.max(0, Math.rint(scaled / step) + zero));
            change[first + i] = (level - zero) * step / scales[first + i] - weights[at + i];
        }
    }
}
