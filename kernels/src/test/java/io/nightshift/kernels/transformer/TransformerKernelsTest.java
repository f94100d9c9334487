package io.nightshift.kernels.transformer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.nightshift.kernels.Lanes;
import io.nightshift.kernels.linear.RandomFloats;
import io.nightshift.kernels.reference.ScalarDecoder;
import jdk.incubator.vector.FloatVector;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Against plain loops bit for bit, at every length around a vector's, and against the definitions. */
class TransformerKernelsTest {
    @Test
    void exponentialsAreAccurateAndTheSameInLanesAndAlone() {
        float[] lanes = new float[Lanes.COUNT];
        for (float x = -90; x < 88.3f; x += 0.00731f * Lanes.COUNT) {
            for (int i = 0; i < lanes.length; i++) {
                lanes[i] = x + i * 0.00731f;
            }
            float[] arguments = lanes.clone();
            Exponential.exp(FloatVector.fromArray(Lanes.FLOAT, lanes, 0)).intoArray(lanes, 0);
            for (int i = 0; i < lanes.length; i++) {
                assertEquals(ScalarDecoder.exp(arguments[i]), lanes[i]);
                assertEquals(lanes[i], Exponential.exp(arguments[i]));
                double exact = Math.exp(Math.min(88.3f, arguments[i]));
                if (arguments[i] >= -87) {
                    assertEquals(exact, lanes[i], 2 * Math.ulp((float) exact));
                } else {
                    assertEquals(0, lanes[i]);
                }
            }
        }
        assertTrue(Float.isNaN(Exponential.exp(Float.NaN)));
        assertEquals(0, Exponential.exp(Float.NEGATIVE_INFINITY));
        assertEquals(1, Exponential.exp(0f));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 4, 15, 16, 17, 31, 64, 67, 1000})
    void softmaxIsTheDocumentedSum(int count) {
        float[] values = RandomFloats.of(count + 2, 1);
        float[] expected = values.clone();
        ScalarDecoder.softmax(expected, 1, count);
        double sum = 0;
        Softmax.apply(values, 1, count);
        assertArrayEquals(expected, values);
        for (int i = 1; i <= count; i++) {
            sum += values[i];
        }
        assertEquals(1, sum, 1e-5);
    }

    @ParameterizedTest
    @ValueSource(floats = {-3, 0.5f, 40})
    void sinksTakeTheirShareOfTheSum(float sink) {
        int count = 37;
        float[] values = RandomFloats.of(count, 1);
        double sum = Math.exp(sink);
        for (float value : values) {
            sum += Math.exp(value);
        }
        float[] result = values.clone();
        Softmax.apply(result, 0, count, sink);
        for (int i = 0; i < count; i++) {
            assertEquals(Math.exp(values[i]) / sum, result[i], 1e-6);
        }
        Softmax.apply(values, 0, count, Float.NEGATIVE_INFINITY);
        float[] without = RandomFloats.of(count, 1);
        Softmax.apply(without, 0, count);
        assertArrayEquals(without, values);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 4, 15, 16, 17, 64, 67, 1000})
    void rootMeanSquareNorms(int count) {
        float[] values = RandomFloats.of(count + 1, 1);
        float[] weights = RandomFloats.of(count, 2);
        float[] result = new float[count + 3];
        RmsNorm.normalize(values, 1, weights, 1e-6f, result, 3);
        float mean = ScalarDecoder.partialSums(values, 1, count, true) / count;
        float scale = (float) (1 / Math.sqrt(mean + 1e-6f));
        double exactMean = 0;
        for (int i = 0; i < count; i++) {
            exactMean += (double) values[1 + i] * values[1 + i] / count;
        }
        for (int i = 0; i < count; i++) {
            assertEquals(values[1 + i] * scale * weights[i], result[3 + i]);
            double exact = values[1 + i] / Math.sqrt(exactMean + 1e-6) * weights[i];
            assertEquals(exact, result[3 + i], 1e-6 * Math.max(1, Math.abs(exact)));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 4, 15, 16, 17, 67, 1000})
    void activationsAreThoseOfTheirDefinitions(int count) {
        float[] gate = RandomFloats.of(count, 1);
        float[] up = RandomFloats.of(count, 2);
        for (int i = 0; i < count; i++) {
            gate[i] *= 4;
        }
        for (Activation activation : Activation.values()) {
            float[] result = new float[count];
            activation.gate(gate, 0, up, 0, count, result, 0);
            for (int i = 0; i < count; i++) {
                double x = gate[i];
                boolean clamped = activation == Activation.CLAMPED_SWIGLU;
                double expected = (clamped ? up[i] + 1.0 : up[i]) * switch (activation) {
                    case SILU -> x / (1 + Math.exp(-x));
                    case GELU_TANH -> x / 2 * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)));
                    case GELU -> x / 2 * (1 + erf(x / Math.sqrt(2)));
                    case SQUARED_RELU -> Math.pow(Math.max(0, x), 2);
                    case CLAMPED_SWIGLU -> Math.min(x, 7) / (1 + Math.exp(-1.702 * Math.min(x, 7)));
                };
                boolean grows = clamped || activation == Activation.SQUARED_RELU;
                double bound = 3e-6 * (grows ? Math.max(1, Math.abs(expected)) : 1);
                assertEquals(expected, result[i], bound, activation + " of " + x);
                float[] alone = new float[1];
                activation.gate(gate, i, up, i, 1, alone, 0);
                assertEquals(alone[0], result[i], "the same bits wherever it stands");
            }
        }
    }

    /** sigmoid(1.702 * 7) is 1 to six digits. */
    @Test
    void gatesAndTheOtherHalfAreBoundedBySeven() {
        float[] gate = {9, 7, 9, -40, 20};
        float[] up = {9, -9, 0, 1, 6};
        float[] result = new float[gate.length];
        Activation.CLAMPED_SWIGLU.gate(gate, 0, up, 0, gate.length, result, 0);
        assertArrayEquals(new float[] {7 * 8, 7 * -6, 7, 0, 7 * 7}, result, 1e-3f);
    }

    /** The series of the error function, which converges everywhere. */
    private static double erf(double x) {
        double term = x;
        double sum = x;
        for (int n = 1; n < 200; n++) {
            term *= -x * x / n;
            sum += term / (2 * n + 1);
        }
        return Math.abs(x) > 4 ? Math.signum(x) : 2 / Math.sqrt(Math.PI) * sum;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 16, 19, 100})
    void softcapsKeepNumbersWithinTheBound(int count) {
        float[] values = RandomFloats.of(count, 1);
        for (int i = 0; i < count; i++) {
            values[i] *= 60;
        }
        float[] capped = values.clone();
        Softcap.apply(capped, 0, count, 30);
        for (int i = 0; i < count; i++) {
            assertEquals(ScalarDecoder.softcap(values[i], 30), capped[i]);
            assertEquals(30 * Math.tanh(values[i] / 30.0), capped[i], 1e-5);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 16, 21, 64})
    void rotationsTurnPairsOfChannels(int half) {
        float[] frequencies = new float[half];
        for (int i = 0; i < half; i++) {
            frequencies[i] = 1f / (i + 1);
        }
        RotaryTable table = RotaryTable.of(frequencies, 1.25f, 50);
        int head = 2 * half + 2;
        float[] values = RandomFloats.of(2 * head, 1);
        float[] rotated = values.clone();
        table.rotate(rotated, 0, 2, head, 37);
        float[] ofNeighbours = neighbours(values, half, head);
        table.rotateNeighbours(ofNeighbours, 0, 2, head, 37);
        for (int start = 0; start < 2 * head; start += head) {
            for (int i = 0; i < half; i++) {
                double angle = frequencies[i] * 37;
                double cosine = 1.25 * Math.cos(angle);
                double sine = 1.25 * Math.sin(angle);
                double first = values[start + i];
                double second = values[start + half + i];
                assertEquals(first * cosine - second * sine, rotated[start + i], 1e-5);
                assertEquals(second * cosine + first * sine, rotated[start + half + i], 1e-5);
                assertEquals(rotated[start + i], ofNeighbours[start + 2 * i], "the same pairs in another order");
                assertEquals(rotated[start + half + i], ofNeighbours[start + 2 * i + 1]);
            }
            assertEquals(values[start + 2 * half], rotated[start + 2 * half], "channels behind are left alone");
        }
    }

    /** The same heads with the channels of each pair side by side. */
    private static float[] neighbours(float[] values, int half, int head) {
        float[] paired = values.clone();
        for (int start = 0; start < values.length; start += head) {
            for (int i = 0; i < half; i++) {
                paired[start + 2 * i] = values[start + i];
                paired[start + 2 * i + 1] = values[start + half + i];
            }
        }
        return paired;
    }

    @Test
    void routersChooseTheMostProbableExperts() {
        float[] logits = {1, 3, 2, 3, 0, 0, 0, 0};
        ExpertChoice choice = ExpertRouter.choose(logits.clone(), null, 2, 4, ExpertRouting.softmax(2, true));
        assertArrayEquals(new int[] {1, 3, 0, 1}, choice.chosen(), "of equal experts the first");
        assertArrayEquals(new float[] {0.5f, 0.5f, 0.5f, 0.5f}, choice.weights());
        assertArrayEquals(new long[] {1, 2, 0, 1}, choice.tokensOfExperts());
        ExpertChoice plain = ExpertRouter.choose(logits.clone(), null, 2, 4, ExpertRouting.softmax(2, false));
        assertEquals(0.25f, plain.weights()[2]);
        assertEquals(Math.exp(3) / (Math.exp(1) + 2 * Math.exp(3) + Math.exp(2)), plain.weights()[0], 1e-6);
    }

    @Test
    void sigmoidsAreComparedWithTheirBiasAndWeighedWithout() {
        float[] logits = {2, 0, 1, -1};
        float[] bias = {0, 2, 0, 0};
        ExpertChoice choice = ExpertRouter.choose(logits.clone(), bias, 1, 4, new ExpertRouting(2, true, false, 3, 1, 1));
        assertArrayEquals(new int[] {1, 0}, choice.chosen());
        assertArrayEquals(new float[] {1.5f, 3 * 0.880797f}, choice.weights(), 1e-5f);
        ExpertChoice normalized =
                ExpertRouter.choose(logits.clone(), bias, 1, 4, new ExpertRouting(2, true, true, 3, 1, 1));
        assertEquals(3, normalized.weights()[0] + normalized.weights()[1], 1e-6);
    }

    @Test
    void onlyExpertsOfTheBestGroupsAreChosen() {
        // The largest score is in a group whose two largest add up to less than those of the other.
        float[] logits = {3, -5, 1, 2, 2, -9};
        ExpertChoice choice = ExpertRouter.choose(logits.clone(), null, 1, 6, new ExpertRouting(2, true, true, 1, 3, 1));
        assertArrayEquals(new int[] {3, 2}, choice.chosen());
        ExpertChoice all = ExpertRouter.choose(logits.clone(), null, 1, 6, new ExpertRouting(2, true, true, 1, 3, 3));
        assertArrayEquals(new int[] {0, 3}, all.chosen());
        ExpertChoice byOne = ExpertRouter.choose(logits.clone(), null, 1, 6, new ExpertRouting(2, false, false, 1, 3, 1, 1));
        assertArrayEquals(new int[] {0, 1}, byOne.chosen(), "by the largest score of a group");
    }

    @Test
    void sumsThatWeightsAreDividedByMayHaveAnAddend() {
        float[] logits = {-9, -10, -11};
        float[] scores = {Sigmoid.of(-9f), Sigmoid.of(-10f)};
        ExpertChoice choice = ExpertRouter.choose(logits.clone(), null, 1, 3, ExpertRouting.sigmoid(2, 1e-6f));
        assertArrayEquals(new int[] {0, 1}, choice.chosen());
        float sum = scores[0] + scores[1] + 1e-6f;
        assertArrayEquals(new float[] {scores[0] / sum, scores[1] / sum}, choice.weights());
        assertTrue(choice.weights()[0] + choice.weights()[1] < 0.999, "what is added counts where scores are small");
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 4, 15, 16, 17, 67, 1000})
    void gatesMultiplyByTheirSigmoids(int count) {
        float[] values = RandomFloats.of(count + 1, 1);
        float[] gates = RandomFloats.of(count + 2, 2);
        float[] result = values.clone();
        Sigmoid.gate(result, 1, gates, 2, count);
        for (int i = 0; i < count; i++) {
            assertEquals(values[1 + i] / (ScalarDecoder.exp(-gates[2 + i]) + 1), result[1 + i]);
            assertEquals(values[1 + i] / (1 + Math.exp(-gates[2 + i])), result[1 + i], 1e-6);
        }
        assertEquals(values[0], result[0]);
    }

    @ParameterizedTest
    @CsvSource({"1,4,3,true,false", "2,4,16,true,true", "9,4,37,true,true", "5,1,8,true,false", "40,3,50,true,false",
            "2,3,16,false,true", "40,3,50,false,false"})
    void convolutionsSeeTheTokensBefore(int tokens, int width, int channels, boolean activated, boolean biased) {
        int stride = channels + 2;
        float[] values = RandomFloats.of(1 + tokens * stride, 1);
        float[] kernels = RandomFloats.of(channels * width, 2);
        float[] biases = biased ? RandomFloats.of(channels, 3) : new float[channels];
        CausalConvolution convolution = biased
                ? new CausalConvolution(kernels, width, biases, activated)
                : new CausalConvolution(kernels, width, activated);
        float[] result = values.clone();
        int cut = channels / 3;
        convolution.apply(result, 1, stride, tokens, 0, cut);
        convolution.apply(result, 1, stride, tokens, cut, channels);
        for (int t = 0; t < tokens; t++) {
            for (int c = 0; c < channels; c++) {
                float sum = biases[c];
                for (int i = Math.max(0, width - 1 - t); i < width; i++) {
                    sum = Math.fma(values[1 + (t - width + 1 + i) * stride + c], kernels[c * width + i], sum);
                }
                float expected = activated ? sum / (ScalarDecoder.exp(-sum) + 1) : sum;
                assertEquals(expected, result[1 + t * stride + c], "token " + t + ", channel " + c);
            }
            assertEquals(values[1 + t * stride + channels], result[1 + t * stride + channels], "what stands beside");
        }
    }
}
