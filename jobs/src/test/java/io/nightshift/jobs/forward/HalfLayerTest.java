package io.nightshift.jobs.forward;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class HalfLayerTest {
    @Test
    void errorsAreRelativeToTheirOwnTokens() {
        float[] original = {3, 4, 0, 2};
        float[] output = {3, 4.5f, 0.4f, 2};
        assertEquals(Math.sqrt((0.01 + 0.04) / 2), HalfLayer.ofTokens(output, original, 0, 4, 2), 1e-6);
    }

    @Test
    void oneSequenceOfSeveralIsLookedAt() {
        float[] original = {1, 1, 3, 4, 0, 2, 1, 1};
        float[] output = {9, 9, 3, 4.5f, 0.4f, 2, 9, 9};
        assertEquals(Math.sqrt((0.01 + 0.04) / 2), HalfLayer.ofTokens(output, original, 2, 4, 2), 1e-6);
    }

    /** The first token of a text has states a thousand times larger than all others in many models. */
    @Test
    void aTokenWithLargeStatesDoesNotHideTheErrorsOfOthers() {
        float[] original = {3000, 4000, 3, 4, 3, 4, 3, 4};
        float[] output = {3000, 4000, 3, 5, 3, 5, 3, 5};
        assertEquals(Math.sqrt(3 * 0.04 / 4), HalfLayer.ofTokens(output, original, 0, 8, 4), 1e-6);
    }

    @Test
    void aTokenWithoutStatesIsNoDivisionByZero() {
        assertEquals(0, HalfLayer.ofTokens(new float[4], new float[4], 0, 4, 2));
    }
}
