package io.nightshift.kernels.quantize;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.nightshift.kernels.Codebooks;
import io.nightshift.kernels.Lanes;
import jdk.incubator.vector.FloatVector;
import org.junit.jupiter.api.Test;

/** What the search for scales of IQ4_NL and IQ4_XS rests on. */
class NonlinearLevelsTest {
    private static final byte[] VALUES = Codebooks.iq4nl();

    @Test
    void thePolynomialGivesTheValues() {
        for (int level = 0; level < 16; level++) {
            assertEquals(VALUES[level], NonlinearLevels.values(lanes(level - 7)).lane(0), "level " + level);
        }
    }

    @Test
    void theBoundIsTheOnlyOneWithinReach() {
        // A thousandth at a time; candidates take a weight from 120 to 134 where 127 takes it to the number.
        for (int i = -127_000; i <= 127_000; i++) {
            float number = i / 1000f;
            int level = (int) NonlinearLevels.nearBound(lanes(number)).lane(0) + 7;
            assertTrue(level >= 0 && level < 15, "level " + level + " of " + number);
            for (float reached : new float[] {number * 120 / 127, number, number * 134 / 127}) {
                int reachedLevel = NonlinearLevels.level(reached);
                assertTrue(
                        reachedLevel == level || reachedLevel == level + 1,
                        reached + " has level " + reachedLevel + ", but the bound of " + number + " is above " + level);
            }
        }
    }

    @Test
    void aNumberHalfwayBelongsToTheUpperValue() {
        for (int level = 0; level < 15; level++) {
            float middle = (VALUES[level] + VALUES[level + 1]) / 2f;
            assertEquals(level, NonlinearLevels.level(Math.nextDown(middle)));
            assertEquals(level + 1, NonlinearLevels.level(middle));
        }
        assertEquals(0, NonlinearLevels.level(Float.NEGATIVE_INFINITY));
        assertEquals(15, NonlinearLevels.level(Float.POSITIVE_INFINITY));
        assertEquals(15, NonlinearLevels.level(Float.NaN));
    }

    private static FloatVector lanes(float number) {
        return FloatVector.broadcast(Lanes.FLOAT, number);
    }
}
