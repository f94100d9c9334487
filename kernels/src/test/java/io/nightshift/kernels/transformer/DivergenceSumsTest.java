package io.nightshift.kernels.transformer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class DivergenceSumsTest {
    private static final int TOKENS = 5;
    private static final int VOCABULARY = 301;

    private static float[] logits(Random random, double scale) {
        float[] logits = new float[TOKENS * VOCABULARY];
        for (int i = 0; i < logits.length; i++) {
            logits[i] = (float) (random.nextGaussian() * scale - 40);
        }
        return logits;
    }

    private static double logSum(float[] logits, int token) {
        double sum = 0;
        for (int i = 0; i < VOCABULARY; i++) {
            sum += Math.exp(logits[token * VOCABULARY + i]);
        }
        return Math.log(sum);
    }

    private static float[] block(float[] logits, int from, int to) {
        float[] block = new float[TOKENS * (to - from)];
        for (int token = 0; token < TOKENS; token++) {
            System.arraycopy(logits, token * VOCABULARY + from, block, token * (to - from), to - from);
        }
        return block;
    }

    private static double[] divergences(float[] original, float[] other, int atOnce) {
        DivergenceSums sums = new DivergenceSums(TOKENS);
        for (int from = 0; from < VOCABULARY; from += atOnce) {
            int to = Math.min(VOCABULARY, from + atOnce);
            sums.add(block(original, from, to), block(other, from, to), to - from);
        }
        return sums.divergences();
    }

    @Test
    void blocksGiveWhatTheDefinitionGives() {
        Random random = new Random(1);
        float[] original = logits(random, 4);
        float[] other = original.clone();
        for (int i = 0; i < other.length; i++) {
            other[i] += (float) (random.nextGaussian() * 0.1);
        }
        double[] expected = new double[TOKENS];
        for (int token = 0; token < TOKENS; token++) {
            double logSum = logSum(original, token);
            double otherLogSum = logSum(other, token);
            for (int i = token * VOCABULARY; i < (token + 1) * VOCABULARY; i++) {
                expected[token] += Math.exp(original[i] - logSum) * (original[i] - logSum - other[i] + otherLogSum);
            }
            assertTrue(expected[token] > 1e-4);
        }
        for (int atOnce : new int[] {1, 7, 100, VOCABULARY}) {
            double[] found = divergences(original, other, atOnce);
            for (int token = 0; token < TOKENS; token++) {
                assertEquals(expected[token], found[token], 1e-10);
            }
        }
    }

    @Test
    void thePredictionItselfIsNoFurtherThanRounding() {
        float[] logits = logits(new Random(2), 10);
        assertTrue(Arrays.stream(divergences(logits, logits, 64)).allMatch(value -> Math.abs(value) < 1e-13));
    }
}
