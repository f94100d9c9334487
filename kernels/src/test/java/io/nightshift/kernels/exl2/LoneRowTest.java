package io.nightshift.kernels.exl2;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.nightshift.kernels.encoding.Metric;
import io.nightshift.kernels.parallel.Workers;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class LoneRowTest {
    private static final GroupLayout LAYOUT =
            GroupLayout.of(320, new int[] {8, 6, 5, 4, 3, 2}, new int[] {32, 32, 64, 64, 64, 64});
    private static final int[] ORDER =
            IntStream.range(0, LAYOUT.channels()).map(place -> place * 7 % LAYOUT.channels()).toArray();

    private static Exl2Rows asOneOfMany(float[] row, float[] importance) {
        short[] maxima = new MaximumSearch(LAYOUT, ORDER).maxima(row, 0, 1, Workers.NONE);
        return new Exl2Coder(LAYOUT, ORDER, maxima)
                .nearest(row, 0, 1, row.length, new Metric.Importance(importance), Workers.NONE);
    }

    @Test
    void aRowBecomesWhatItWouldAmongOthers() {
        Random random = new Random(11);
        boolean codesDiffer = false;
        for (int run = 0; run < 40; run++) {
            float[] row = new float[3 + LAYOUT.channels()];
            float[] importance = new float[LAYOUT.channels()];
            for (int i = 0; i < importance.length; i++) {
                row[3 + i] = (float) (random.nextGaussian() * Math.exp(random.nextGaussian() + run / 4 - 8));
                importance[i] = random.nextFloat();
            }
            // A group of zeros, and one whose scales are near the least halves.
            for (int place = 32 * (run % 4); place < 32 * (run % 4 + 1); place++) {
                row[3 + ORDER[place]] *= run % 2 == 0 ? 0 : 1e-6f;
            }
            Exl2Rows expected = asOneOfMany(Arrays.copyOfRange(row, 3, row.length), importance);
            Exl2Rows made = new LoneRow(LAYOUT, ORDER).nearest(row, 3, importance);
            assertArrayEquals(expected.maxima(), made.maxima());
            assertArrayEquals(expected.codes(), made.codes());
            assertArrayEquals(expected.levels(), made.levels());
            codesDiffer |= IntStream.range(0, made.codes().length).map(g -> made.codes()[g]).distinct().count() > 2;
        }
        assertTrue(codesDiffer);
    }

    @Test
    void weightsThatAreTooLargeAreRefusedInTheSameWords() {
        float[] row = new float[LAYOUT.channels()];
        row[5] = 1e9f;
        float[] importance = new float[LAYOUT.channels()];
        Exception expected = assertThrows(IllegalArgumentException.class, () -> asOneOfMany(row, importance));
        Exception made = assertThrows(IllegalArgumentException.class,
                () -> new LoneRow(LAYOUT, ORDER).nearest(row, 0, importance));
        assertEquals(expected.getMessage(), made.getMessage());
    }
}
