package io.nightshift.kernels.linear;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.nightshift.kernels.reference.ScalarDeltaRule;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GatedDeltaRuleTest {
    private static final int BEFORE = 3;

    /** Sequences of a model's heads, with decays from none to nearly all. */
    private record Inputs(GatedDeltaRule rule, int tokens, float[] mixed, float[] decays, float[] shares) {
        static Inputs of(int tokens, int keyHeads, int valueHeads, int keySize, int valueSize) {
            GatedDeltaRule rule = new GatedDeltaRule(keyHeads, valueHeads, keySize, valueSize);
            int stride = 2 * keyHeads * keySize + valueHeads * valueSize;
            float[] mixed = RandomFloats.of(BEFORE + tokens * stride, 1);
            for (int t = 0; t < tokens; t++) {
                for (int head = 0; head < 2 * keyHeads; head++) {
                    int at = BEFORE + t * stride + head * keySize;
                    double squares = 0;
                    for (int i = 0; i < keySize; i++) {
                        squares += mixed[at + i] * mixed[at + i];
                    }
                    for (int i = 0; i < keySize; i++) {
                        mixed[at + i] /= (float) Math.sqrt(squares);
                    }
                }
            }
            Random random = new Random(2);
            float[] decays = new float[tokens * valueHeads];
            float[] shares = new float[tokens * valueHeads];
            for (int i = 0; i < decays.length; i++) {
                decays[i] = -(float) Math.exp(6 * random.nextDouble() - 5);
                shares[i] = random.nextFloat();
            }
            return new Inputs(rule, tokens, mixed, decays, shares);
        }

        int stride() {
            return 2 * rule.keyHeads() * rule.keySize() + rule.valueHeads() * rule.valueSize();
        }

        int outputs() {
            return rule.valueHeads() * rule.valueSize();
        }

        float[] result() {
            float[] result = new float[tokens * outputs()];
            for (int head = 0; head < rule.valueHeads(); head++) {
                rule.apply(head, mixed, BEFORE, stride(), decays, shares, 0, tokens, result, 0, outputs());
            }
            return result;
        }
    }

    @ParameterizedTest
    @CsvSource({"1,1,1,8,8", "5,1,2,6,10", "64,2,2,16,16", "65,2,4,32,24", "200,1,3,128,128"})
    void everyElementIsTheDocumentedSum(int tokens, int keyHeads, int valueHeads, int keySize, int valueSize) {
        Inputs in = Inputs.of(tokens, keyHeads, valueHeads, keySize, valueSize);
        float[] expected = new float[tokens * in.outputs()];
        for (int head = 0; head < valueHeads; head++) {
            ScalarDeltaRule.apply(in.rule(), head, in.mixed(), BEFORE, in.stride(), in.decays(), in.shares(), tokens, expected);
        }
        assertArrayEquals(expected, in.result());
    }

    /** Against the recurrence, token by token, in double precision. */
    @ParameterizedTest
    @CsvSource({"1,1,1,8,8", "63,2,4,16,8", "129,1,2,32,64", "500,2,2,128,128"})
    void itIsTheRecurrence(int tokens, int keyHeads, int valueHeads, int keySize, int valueSize) {
        Inputs in = Inputs.of(tokens, keyHeads, valueHeads, keySize, valueSize);
        float[] result = in.result();
        for (int head = 0; head < valueHeads; head++) {
            double[][] state = new double[keySize][valueSize];
            int ofKey = head / (valueHeads / keyHeads) * keySize;
            for (int t = 0; t < tokens; t++) {
                int queries = BEFORE + t * in.stride() + ofKey;
                int keys = queries + keyHeads * keySize;
                int values = BEFORE + t * in.stride() + 2 * keyHeads * keySize + head * valueSize;
                double decay = Math.exp(in.decays()[t * valueHeads + head]);
                for (int c = 0; c < valueSize; c++) {
                    double known = 0;
                    for (int i = 0; i < keySize; i++) {
                        state[i][c] *= decay;
                        known += state[i][c] * in.mixed()[keys + i];
                    }
                    double change = (in.mixed()[values + c] - known) * in.shares()[t * valueHeads + head];
                    double read = 0;
                    for (int i = 0; i < keySize; i++) {
                        state[i][c] += in.mixed()[keys + i] * change;
                        read += state[i][c] * in.mixed()[queries + i];
                    }
                    assertEquals(read, result[t * in.outputs() + head * valueSize + c], 1e-5, "head " + head + ", token " + t);
                }
            }
        }
    }

    @Test
    void headsThatCannotShareKeysAreRefused() {
        assertThrows(IllegalArgumentException.class, () -> new GatedDeltaRule(4, 6, 8, 8));
    }
}
