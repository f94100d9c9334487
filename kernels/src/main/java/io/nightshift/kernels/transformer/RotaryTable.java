package io.nightshift.kernels.transformer;

import io.nightshift.kernels.Lanes;
import jdk.incubator.vector.FloatVector;

/**
 * Cosines and sines of rotary position embeddings (Su et al., RoFormer, 2021), and their application to heads whose
 * channel i pairs with channel i + half, as most of Hugging Face's checkpoints have them, or channel 2i with 2i + 1, as the
 * paper has them. Immutable.
 */
public final class RotaryTable {
    private final int half;
    private final float[] cosines;
    private final float[] sines;

    private RotaryTable(int half, float[] cosines, float[] sines) {
        this.half = half;
        this.cosines = cosines;
        this.sines = sines;
    }

    /**
     * The table of positions 0 to {@code positions - 1}. Angles are 32-bit products of position and frequency, as in
     * transformers; cosines and sines are correctly rounded but for some last bits, and the same on any machine.
     *
     * @param inverseFrequencies radians a position, one a pair of channels
     * @param scaling of cosines and sines: 1 but for yarn and longrope
     */
    public static RotaryTable of(float[] inverseFrequencies, float scaling, int positions) {
        int half = inverseFrequencies.length;
        float[] cosines = new float[Math.multiplyExact(positions, half)];
        float[] sines = new float[cosines.length];
        for (int position = 0; position < positions; position++) {
            for (int i = 0; i < half; i++) {
                float angle = inverseFrequencies[i] * position;
                // StrictMath, for Math.cos may differ in the last bit from one JVM to another.
                cosines[position * half + i] = (float) StrictMath.cos(angle) * scaling;
                sines[position * half + i] = (float) StrictMath.sin(angle) * scaling;
            }
        }
        return new RotaryTable(half, cosines, sines);
    }

    /** Number of positions. */
    public int positions() {
        return half == 0 ? Integer.MAX_VALUE : cosines.length / half;
    }

    /**
     * Rotates the heads of one token in place.
     *
     * @param at the first head's first channel; heads lie one after another
     * @param headSize channels a head, at least twice the frequencies: those behind are left alone
     */
    public void rotate(float[] values, int at, int heads, int headSize, int position) {
        for (int head = 0; head < heads; head++) {
            rotate(values, at + head * headSize, position * half);
        }
    }

    /**
     * The same, of heads whose channels 2i and 2i + 1 are a pair.
     *
     * @param at the first head's first channel; heads lie one after another
     * @param headSize channels a head, at least twice the frequencies: those behind are left alone
     */
    public void rotateNeighbours(float[] values, int at, int heads, int headSize, int position) {
        int table = position * half;
        for (int head = at; head < at + heads * headSize; head += headSize) {
            for (int i = 0; i < half; i++) {
                float first = values[head + 2 * i];
                float second = values[head + 2 * i + 1];
                values[head + 2 * i] = first * cosines[table + i] - second * sines[table + i];
                values[head + 2 * i + 1] = second * cosines[table + i] + first * sines[table + i];
            }
        }
    }

    private void rotate(float[] values, int at, int table) {
        int i = 0;
        for (; i <= half - Lanes.COUNT; i += Lanes.COUNT) {
            FloatVector cosine = FloatVector.fromArray(Lanes.FLOAT, cosines, table + i);
            FloatVector sine = FloatVector.fromArray(Lanes.FLOAT, sines, table + i);
            FloatVector first = FloatVector.fromArray(Lanes.FLOAT, values, at + i);
            FloatVector second = FloatVector.fromArray(Lanes.FLOAT, values, at + half + i);
            first.mul(cosine).sub(second.mul(sine)).intoArray(values, at + i);
            second.mul(cosine).add(first.mul(sine)).intoArray(values, at + half + i);
        }
        for (; i < half; i++) {
            float first = values[at + i];
            float second = values[at + half + i];
            values[at + i] = first * cosines[table + i] - second * sines[table + i];
            values[at + half + i] = second * cosines[table + i] + first * sines[table + i];
        }
    }
}
