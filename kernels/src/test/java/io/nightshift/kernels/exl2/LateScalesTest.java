package io.nightshift.kernels.exl2;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.nightshift.kernels.BlockInputs;
import io.nightshift.kernels.CorrelatedInputs;
import io.nightshift.kernels.HalfFloat;
import io.nightshift.kernels.linear.GramMatrix;
import io.nightshift.kernels.parallel.Workers;
import io.nightshift.kernels.rounding.Damping;
import io.nightshift.kernels.rounding.FeedbackFactor;
import io.nightshift.kernels.rounding.LateFeedback;
import java.util.Arrays;
import java.util.zip.CRC32;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class LateScalesTest {
    private static final int CHANNELS = 416;
    private static final int OUTPUTS = 75;
    private static final GroupLayout LAYOUT =
            GroupLayout.of(CHANNELS, new int[] {8, 6, 5, 4, 3, 2}, new int[] {32, 64, 96, 64, 96, 128});

    private final Workers workers = new Workers(1);
    private final float[] activations = CorrelatedInputs.activations(900, CHANNELS, 1);
    private final GramMatrix gram = CorrelatedInputs.gram(activations, 900, CHANNELS);
    private final FeedbackFactor factor = FeedbackFactor.of(gram, null, new Damping(0.12, 10), workers);
    private final int[] order = factor.roundingOrder();
    private final float[] weights = BlockInputs.BF16_NORMAL.rows(OUTPUTS, CHANNELS, 2);

    @AfterEach
    void closeWorkers() {
        workers.close();
    }

    /** Levels and codes of all outputs. */
    private record Rounded(byte[] levels, byte[] codes, short[] maxima) {}

    private Rounded round(GroupLayout layout, float[] rows) {
        int outputs = rows.length / CHANNELS;
        short[] maxima = new MaximumSearch(layout, order).maxima(rows, 0, outputs, workers);
        LateScales scales = new LateScales(layout, maxima, outputs);
        byte[] levels = new byte[rows.length];
        LateFeedback.round(factor, rows, 0, outputs, scales, levels, workers);
        return new Rounded(levels, scales.codes(), maxima);
    }

    private float[] weights(GroupLayout layout, Rounded rounded) {
        int groups = layout.groups().size();
        int outputs = rounded.levels().length / CHANNELS;
        float[] values = new float[rounded.levels().length];
        for (int output = 0; output < outputs; output++) {
            for (int g = 0; g < groups; g++) {
                float scale = SquaredScales.of(rounded.maxima()[g])[rounded.codes()[output * groups + g]];
                for (int place = layout.groups().get(g).first(); place < layout.groups().get(g).end(); place++) {
                    int at = output * CHANNELS + order[place];
                    values[at] = SquaredScales.half(rounded.levels()[at] * scale);
                }
            }
        }
        return values;
    }

    private double loss(GroupLayout layout, Rounded rounded) {
        float[] values = weights(layout, rounded);
        float[] changes = new float[values.length];
        for (int i = 0; i < changes.length; i++) {
            changes[i] = values[i] - weights[i];
        }
        return Math.sqrt(CorrelatedInputs.loss(changes, OUTPUTS, gram) / CorrelatedInputs.loss(weights, OUTPUTS, gram));
    }

    @Test
    void moreBitsLoseLess() {
        double[] losses = new double[6];
        int[] bits = {2, 3, 4, 5, 6, 8};
        for (int i = 0; i < bits.length; i++) {
            GroupLayout layout = GroupLayout.of(CHANNELS, new int[] {bits[i], bits[i], bits[i], bits[i]},
                    new int[] {128, 128, 128, 128});
            losses[i] = loss(layout, round(layout, weights));
            assertTrue(i == 0 || losses[i] < 0.65 * losses[i - 1], losses[i] + " after " + losses[Math.max(0, i - 1)]);
        }
        assertTrue(losses[0] < 0.28 && losses[5] < 0.005, losses[0] + " and " + losses[5]);
    }

    /** The digest was taken at 512 bits; the tests run at 128, 256 and 512. */
    @Test
    void bytesAreTheSameAtEveryWidthOfVectors() {
        Rounded rounded = round(LAYOUT, weights);
        CRC32 digest = new CRC32();
        digest.update(rounded.levels());
        digest.update(rounded.codes());
        for (short maximum : rounded.maxima()) {
            digest.update(maximum);
            digest.update(maximum >>> 8);
        }
        assertEquals("8c1336f3", String.format("%08x", digest.getValue()));
    }

    @Test
    void outputsMayBeSplitInAnyWay() {
        MaximumSearch search = new MaximumSearch(LAYOUT, order);
        float[] spans = search.spans(weights, 0, OUTPUTS);
        float[] first = search.spans(weights, 0, 31);
        float[] second = search.spans(weights, 31 * CHANNELS, OUTPUTS - 31);
        for (int i = 0; i < spans.length; i++) {
            assertEquals(spans[i], Math.max(first[i], second[i]));
        }
        long[] errors = search.errors(spans, weights, 0, OUTPUTS, workers);
        long[] before = search.errors(spans, weights, 0, 31, workers);
        long[] after = search.errors(spans, weights, 31 * CHANNELS, OUTPUTS - 31, workers);
        for (int i = 0; i < errors.length; i++) {
            assertEquals(errors[i], before[i] + after[i]);
        }
        Rounded whole = round(LAYOUT, weights);
        LateScales scales = new LateScales(LAYOUT, whole.maxima(), 20);
        byte[] levels = new byte[20 * CHANNELS];
        LateFeedback.round(factor, weights, 31 * CHANNELS, 20, scales, levels, workers);
        assertArrayEquals(Arrays.copyOfRange(whole.levels(), 31 * CHANNELS, 51 * CHANNELS), levels);
        assertArrayEquals(Arrays.copyOfRange(whole.codes(), 31 * 6, 51 * 6), scales.codes());
    }

    /** Each output's code is the best of the sixteen, tried one after another. */
    @Test
    void theCodeIsTheBestOfSixteen() {
        GroupLayout layout = GroupLayout.of(32, new int[] {3}, new int[] {32});
        LateScales scales = new LateScales(layout, new short[] {HalfFloat.fromFloat(0.9f)}, 8);
        int width = 16;
        float[] moved = BlockInputs.NORMAL.rows(32, width, 9);
        float[] importance = new float[32];
        for (int i = 0; i < 32; i++) {
            importance[i] = 1 + i % 5;
        }
        float[] chosen = new float[width];
        scales.choose(0, 0, 8, moved, width, importance, chosen);
        float[] table = SquaredScales.of(HalfFloat.fromFloat(0.9f));
        for (int row = 0; row < 8; row++) {
            int best = 0;
            double least = Double.POSITIVE_INFINITY;
            for (int code = 0; code < 16; code++) {
                double sum = 0;
                for (int i = 0; i < 32; i++) {
                    double weight = moved[i * width + row];
                    double value = Math.max(-4, Math.min(3, Math.rint(weight / table[code]))) * table[code];
                    sum += importance[i] * Math.pow(Math.abs(value - weight), 2.5);
                }
                if (sum < least) {
                    least = sum;
                    best = code;
                }
            }
            assertEquals(best, scales.codes()[row]);
            assertEquals(table[best], chosen[row]);
        }
    }

    @Test
    void weightsThatAreZeroStayZero() {
        Rounded rounded = round(LAYOUT, new float[40 * CHANNELS]);
        assertArrayEquals(new byte[40 * CHANNELS], rounded.levels());
        assertArrayEquals(new short[6], rounded.maxima());
        float[] oneOutput = new float[40 * CHANNELS];
        System.arraycopy(weights, 0, oneOutput, 3 * CHANNELS, CHANNELS);
        byte[] levels = round(LAYOUT, oneOutput).levels();
        assertArrayEquals(new byte[3 * CHANNELS], Arrays.copyOf(levels, 3 * CHANNELS));
    }

    @Test
    void weightsBeyondHalfPrecisionAreRefused() {
        float[] large = weights.clone();
        large[7] = 1e9f;
        assertThrows(IllegalArgumentException.class,
                () -> new MaximumSearch(LAYOUT, order).maxima(large, 0, OUTPUTS, workers));
    }
}
