package io.nightshift.kernels.linear;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.nightshift.kernels.reference.ScalarScan;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SelectiveScanTest {
    private static final int BEFORE = 3;

    /** A sequence, with decays from none to nearly all. */
    private record Inputs(SelectiveScan scan, int tokens, float[] mixed, float[] decays, float[] steps, float[] skips) {
        static Inputs of(int tokens, int groups, int heads, int stateSize, int headSize) {
            SelectiveScan scan = new SelectiveScan(groups, heads, stateSize, headSize);
            Random random = new Random(2);
            float[] decays = new float[tokens * heads];
            float[] steps = new float[tokens * heads];
            for (int i = 0; i < decays.length; i++) {
                steps[i] = (float) Math.exp(5 * random.nextDouble() - 5);
                decays[i] = -steps[i] * (1 + i % heads);
            }
            return new Inputs(scan, tokens, RandomFloats.of(BEFORE + tokens * scan.inputs(), 1), decays, steps,
                    RandomFloats.of(heads, 3));
        }

        float[] result() {
            float[] result = new float[tokens * scan.channels()];
            for (int piece = 0; piece < scan.pieces(); piece++) {
                scan.apply(piece, mixed, BEFORE, scan.inputs(), decays, steps, 0, skips, tokens, result, 0, scan.channels());
            }
            return result;
        }
    }

    @ParameterizedTest
    @CsvSource({"1,1,1,8,8", "5,1,2,6,10", "64,2,2,16,16", "65,2,6,32,24", "200,1,3,128,64", "70,1,3,256,256"})
    void everyElementIsTheDocumentedSum(int tokens, int groups, int heads, int stateSize, int headSize) {
        Inputs in = Inputs.of(tokens, groups, heads, stateSize, headSize);
        float[] expected = new float[tokens * in.scan().channels()];
        for (int head = 0; head < heads; head++) {
            ScalarScan.apply(in.scan(), head, in.mixed(), BEFORE, in.scan().inputs(), in.decays(), in.steps(), in.skips(),
                    tokens, expected);
        }
        assertArrayEquals(expected, in.result());
    }

    /** Against the recurrence, token by token, in double precision. */
    @ParameterizedTest
    @CsvSource({"1,1,1,8,8", "63,2,4,16,8", "129,1,2,32,64", "500,2,4,128,64"})
    void itIsTheRecurrence(int tokens, int groups, int heads, int stateSize, int headSize) {
        Inputs in = Inputs.of(tokens, groups, heads, stateSize, headSize);
        float[] result = in.result();
        for (int head = 0; head < heads; head++) {
            double[][] state = new double[stateSize][headSize];
            for (int t = 0; t < tokens; t++) {
                int channels = BEFORE + t * in.scan().inputs() + head * headSize;
                int writes = BEFORE + t * in.scan().inputs() + in.scan().channels() + head / (heads / groups) * stateSize;
                int reads = writes + groups * stateSize;
                double decay = Math.exp(in.decays()[t * heads + head]);
                for (int c = 0; c < headSize; c++) {
                    double read = (double) in.skips()[head] * in.mixed()[channels + c];
                    for (int d = 0; d < stateSize; d++) {
                        state[d][c] = state[d][c] * decay
                                + (double) in.steps()[t * heads + head] * in.mixed()[writes + d] * in.mixed()[channels + c];
                        read += state[d][c] * in.mixed()[reads + d];
                    }
                    assertEquals(read, result[t * in.scan().channels() + head * headSize + c],
                            2e-5 * Math.max(1, Math.abs(read)), "head " + head + ", token " + t);
                }
            }
        }
    }

    /** Heads of a group are taken together as far as their states are small. */
    @Test
    void piecesCoverAllHeads() {
        assertEquals(1, new SelectiveScan(1, 16, 128, 64).pieces());
        assertEquals(3, new SelectiveScan(1, 48, 128, 64).pieces());
        assertEquals(8, new SelectiveScan(8, 64, 128, 64).pieces());
        assertEquals(6, new SelectiveScan(2, 12, 256, 256).pieces());
    }

    @Test
    void headsThatAreNoMultipleOfTheirGroupsAreRefused() {
        assertThrows(IllegalArgumentException.class, () -> new SelectiveScan(4, 6, 8, 8));
        assertThrows(IllegalArgumentException.class, () -> new SelectiveScan(1, 6, 0, 8));
    }
}
