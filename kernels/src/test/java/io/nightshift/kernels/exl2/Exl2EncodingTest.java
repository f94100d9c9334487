package io.nightshift.kernels.exl2;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.nightshift.kernels.CorrelatedInputs;
import io.nightshift.kernels.encoding.EncodedRows;
import io.nightshift.kernels.encoding.Metric;
import io.nightshift.kernels.encoding.RowCoder;
import io.nightshift.kernels.encoding.SharedEncoding;
import io.nightshift.kernels.linear.GramLoss;
import io.nightshift.kernels.linear.GramMatrix;
import io.nightshift.kernels.parallel.Workers;
import io.nightshift.kernels.rounding.Damping;
import io.nightshift.kernels.rounding.FeedbackFactor;
import java.io.IOException;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class Exl2EncodingTest {
    private static final int ROWS = 64;
    private static final int COLUMNS = 256;

    private final GramMatrix gram = CorrelatedInputs.gram(400, COLUMNS, 5);
    private final FeedbackFactor factor = FeedbackFactor.of(gram, null, Damping.DEFAULT, Workers.NONE);
    private final Metric.Statistics metric = new Metric.Statistics(gram.diagonal(), gram);
    private final float[] weights = weights();
    private final Exl2Encoding encoding = new Exl2Encoding("0.2:5b_32g/0.8:3b_64g",
            GroupLayout.of(COLUMNS, new int[] {5, 5, 3, 3, 3}, new int[] {32, 32, 64, 64, 64}));

    private static float[] weights() {
        Random random = new Random(3);
        float[] weights = new float[ROWS * COLUMNS];
        for (int i = 0; i < weights.length; i++) {
            weights[i] = (float) random.nextGaussian() * (0.02f + 0.001f * (i / COLUMNS));
        }
        return weights;
    }

    /** All rows, so many at once. */
    private SharedEncoding.Rows rows(int atOnce) {
        return action -> {
            for (int row = 0; row < ROWS; row += atOnce) {
                int count = Math.min(atOnce, ROWS - row);
                action.apply(Arrays.copyOfRange(weights, row * COLUMNS, (row + count) * COLUMNS), count);
            }
        };
    }

    private RowCoder coder(int atOnce) throws IOException {
        return encoding.settle(rows(atOnce), factor, Workers.NONE).coder();
    }

    private float[] decoded(RowCoder coder, EncodedRows encoded) {
        float[] values = new float[encoded.rows() * COLUMNS];
        coder.decode(encoded, 0, encoded.rows(), values, 0);
        return values;
    }

    private double loss(float[] values) {
        float[] changes = values.clone();
        for (int i = 0; i < changes.length; i++) {
            changes[i] -= weights[i];
        }
        return Arrays.stream(GramLoss.of(gram, Workers.NONE).ofRows(changes, 0, ROWS, Workers.NONE)).sum();
    }

    @Test
    void whatRowsShareDoesNotDependOnHowTheyAreCutAndRowsAreIndependentThen() throws IOException {
        RowCoder coder = coder(ROWS);
        Exl2Rows all = (Exl2Rows) coder.feedback(null, weights, ROWS, factor, metric, Workers.NONE);
        for (int atOnce : new int[] {1, 7, 32}) {
            assertArrayEquals(all.maxima(),
                    ((Exl2Rows) coder(atOnce).feedback(null, weights, 1, factor, metric, Workers.NONE)).maxima());
        }
        float[] some = Arrays.copyOfRange(weights, 5 * COLUMNS, 28 * COLUMNS);
        float[] expected = decoded(coder, all);
        assertArrayEquals(Arrays.copyOfRange(expected, 5 * COLUMNS, 28 * COLUMNS),
                decoded(coder, coder.feedback(null, some, 23, factor, metric, Workers.NONE)));
        float[] nearest = decoded(coder, coder.nearest(weights, 0, ROWS, COLUMNS, metric, Workers.NONE));
        assertArrayEquals(Arrays.copyOfRange(nearest, 5 * COLUMNS, 28 * COLUMNS),
                decoded(coder, coder.nearest(weights, 5 * COLUMNS, 23, COLUMNS, metric, Workers.NONE)));
    }

    @Test
    void feedbackLosesLessThanNearestRoundingAndThatLittle() throws IOException {
        RowCoder coder = coder(ROWS);
        double feedback = loss(decoded(coder, coder.feedback(null, weights, ROWS, factor, metric, Workers.NONE)));
        double nearest = loss(decoded(coder, coder.nearest(weights, 0, ROWS, COLUMNS, metric, Workers.NONE)));
        double nothing = loss(new float[weights.length]);
        assertTrue(feedback > 0 && feedback < 0.8 * nearest && nearest < 0.05 * nothing,
                feedback + " " + nearest + " " + nothing);
    }

    @Test
    void rowsAreDecodedToWhatIsReadFromWords() throws IOException {
        RowCoder coder = coder(ROWS);
        Exl2Rows rows = (Exl2Rows) coder.feedback(null, weights, ROWS, factor, metric, Workers.NONE);
        byte[] words = new byte[encoding.layout().packedRows() * ROWS * 4];
        PackedLinear.packWeights(encoding.layout(), rows.order(), rows.levels(), 0, ROWS, words, 0, ROWS * 4);
        byte[] scales = new byte[encoding.layout().groups().size() * ROWS / 2];
        PackedLinear.packScales(rows.codes(), 0, ROWS, encoding.layout().groups().size(), scales, 0, ROWS / 2);
        float[] read = new float[ROWS * COLUMNS];
        PackedLinear.dequantize(encoding.layout(), PackedLinear.inverse(rows.order()), words, 0, ROWS * 4, scales, 0,
                ROWS / 2, 0, ROWS, rows.maxima(), read, 0);
        assertArrayEquals(read, decoded(coder, rows));
    }

    @Test
    void aRowThatIsNotSettledIsALayerOfItsOwn() {
        float[] values = new float[2 * COLUMNS];
        encoding.coder().roundTrip(weights, 3 * COLUMNS, 2, COLUMNS, metric, values);
        float[] second = new float[COLUMNS];
        encoding.coder().roundTrip(weights, 4 * COLUMNS, 1, COLUMNS, metric, second);
        assertArrayEquals(second, Arrays.copyOfRange(values, COLUMNS, 2 * COLUMNS));
        double error = 0;
        double norm = 0;
        for (int i = 0; i < values.length; i++) {
            error += Math.pow(values[i] - weights[3 * COLUMNS + i], 2);
            norm += Math.pow(weights[3 * COLUMNS + i], 2);
        }
        assertTrue(error > 0 && error < 0.05 * norm, error + " of " + norm);
    }

    @Test
    void bitsCountPaddingAndTables() {
        // Values, codes of scales, maxima and the table of groups, the permutation; of 40 outputs that are stored as 64.
        assertEquals((64 * 5 + 192 * 3) * 64L + 5 * 64 * 4 + 5 * (16 + 32) + 256 * 32, encoding.bits(40, COLUMNS));
    }

    @Test
    void anotherOrderThanTheSettledOneIsRefused() throws IOException {
        RowCoder coder = coder(ROWS);
        FeedbackFactor other = FeedbackFactor.of(CorrelatedInputs.gram(400, COLUMNS, 6), null, Damping.DEFAULT, Workers.NONE);
        assertThrows(IllegalArgumentException.class,
                () -> coder.feedback(null, weights, ROWS, other, metric, Workers.NONE));
    }
}
