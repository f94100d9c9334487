package io.nightshift.kernels.encoding;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.nightshift.kernels.CorrelatedInputs;
import io.nightshift.kernels.GgmlType;
import io.nightshift.kernels.linear.GramLoss;
import io.nightshift.kernels.linear.GramMatrix;
import io.nightshift.kernels.parallel.Workers;
import io.nightshift.kernels.quantize.Quantizers;
import io.nightshift.kernels.rounding.Damping;
import io.nightshift.kernels.rounding.FeedbackFactor;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What holds for every encoding, whatever it stores. */
class RowEncodingTest {
    private static final int ROWS = 24;
    private static final int COLUMNS = 256;

    private final float[] weights = weights();

    private static float[] weights() {
        Random random = new Random(3);
        float[] weights = new float[ROWS * COLUMNS];
        for (int i = 0; i < weights.length; i++) {
            weights[i] = (float) random.nextGaussian() * 0.05f;
        }
        return weights;
    }

    static Stream<RowEncoding> all() {
        Stream<RowEncoding> types = Quantizers.types().stream()
                .filter(GgmlType::isQuantized)
                .map(GgmlEncoding::new);
        Stream<RowEncoding> integers = Stream.of(
                new IntegerEncoding(new IntegerGroups(4, 64, false, ScaleType.F16), true),
                new IntegerEncoding(new IntegerGroups(8, 128, true, ScaleType.F32), false),
                new IntegerEncoding(new IntegerGroups(3, 32, true, ScaleType.BF16), true));
        return Stream.concat(types, integers);
    }

    private static Metric importance() {
        float[] columns = new float[COLUMNS];
        for (int i = 0; i < COLUMNS; i++) {
            columns[i] = 1 + i % 7;
        }
        return new Metric.Importance(columns);
    }

    @ParameterizedTest
    @MethodSource("all")
    void aRoundTripIsWhatIsDecodedAndRowsAreIndependent(RowEncoding encoding) {
        float[] values = new float[weights.length];
        encoding.coder().roundTrip(weights, 0, ROWS, COLUMNS, importance(), values);
        EncodedRows encoded = encoding.coder().nearest(weights, 0, ROWS, COLUMNS, importance(), Workers.NONE);
        float[] decoded = new float[weights.length];
        encoding.coder().decode(encoded, 0, ROWS, decoded, 0);
        assertArrayEquals(values, decoded);
        EncodedRows some = encoding.coder().nearest(weights, 5 * COLUMNS, 2, COLUMNS, importance(), Workers.NONE);
        float[] row = new float[COLUMNS];
        encoding.coder().decode(some, 1, 1, row, 0);
        assertArrayEquals(Arrays.copyOfRange(values, 6 * COLUMNS, 7 * COLUMNS), row);
        assertEquals(ROWS * encoding.bits(1, COLUMNS), encoding.bits(ROWS, COLUMNS));
    }

    @ParameterizedTest
    @MethodSource("all")
    void feedbackLosesLessOrIsRefused(RowEncoding encoding) {
        GramMatrix gram = CorrelatedInputs.gram(400, COLUMNS, 5);
        FeedbackFactor factor = FeedbackFactor.of(gram, null, Damping.DEFAULT, Workers.NONE);
        Metric.Statistics metric = new Metric.Statistics(gram.diagonal(), gram);
        RowCoder coder = encoding.coder();
        EncodedRows nearest = coder.nearest(weights, 0, ROWS, COLUMNS, metric, Workers.NONE);
        if (!encoding.takesFeedback()) {
            assertThrows(IllegalArgumentException.class,
                    () -> coder.feedback(nearest, weights, nearest.rows(), factor, metric, Workers.NONE));
            return;
        }
        EncodedRows rounded = coder.feedback(nearest, weights, nearest.rows(), factor, metric, Workers.NONE);
        double before = loss(gram, coder, nearest);
        double after = loss(gram, coder, rounded);
        assertTrue(after > 0 && after < before, encoding.name() + ": " + after + " after " + before);
    }

    private double loss(GramMatrix gram, RowCoder coder, EncodedRows encoded) {
        float[] changes = new float[weights.length];
        coder.decode(encoded, 0, ROWS, changes, 0);
        for (int i = 0; i < changes.length; i++) {
            changes[i] -= weights[i];
        }
        double loss = 0;
        for (double row : GramLoss.of(gram, Workers.NONE).ofRows(changes, 0, ROWS, Workers.NONE)) {
            loss += row;
        }
        return loss;
    }

    @Test
    void aRowThatCannotBeStoredIsNamed() {
        float[] large = weights();
        Arrays.fill(large, 7 * COLUMNS, 8 * COLUMNS, 3e38f);
        for (RowEncoding encoding : new RowEncoding[] {
            new GgmlEncoding(GgmlType.Q4_0), new IntegerEncoding(new IntegerGroups(4, 64, false, ScaleType.F16), false)
        }) {
            UnstorableRowException refused = assertThrows(UnstorableRowException.class,
                    () -> encoding.coder().nearest(large, 0, ROWS, COLUMNS, Metric.NONE, Workers.NONE));
            assertEquals(7, refused.row());
            assertTrue(refused.getMessage().startsWith("row 7: ") && refused.why().contains("too large"));
        }
    }
}
