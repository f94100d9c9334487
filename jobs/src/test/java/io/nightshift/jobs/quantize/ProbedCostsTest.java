package io.nightshift.jobs.quantize;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.util.List;
import org.junit.jupiter.api.Test;

class ProbedCostsTest {
    @Test
    void costsOfOtherChoicesFollowFromTheProbeWhoseErrorIsMostLikeTheirs() {
        double[] errors = {0.4, 0.1, 0.05, 0.001};
        assertArrayEquals(new double[] {8, 2, 1, 0.03},
                ProbedCosts.of(errors, List.of(0, 3), List.of(8.0, 0.03)), 1e-12);
        assertArrayEquals(new double[] {4, 1, 0.5, 0.01}, ProbedCosts.of(errors, List.of(1), List.of(1.0)), 1e-12);
    }

    @Test
    void whatIsKnownOfAChoiceIsTakenAsItIsButNeverBelowZero() {
        assertArrayEquals(new double[] {0, 0.2, 0.3},
                ProbedCosts.of(new double[3], List.of(0, 1, 2), List.of(-1e-12, 0.2, 0.3)));
    }

    @Test
    void aProbeThatLosesNothingLeavesTheLossesAsTheyAre() {
        assertArrayEquals(new double[] {0.25, 0}, ProbedCosts.of(new double[] {0.25, 0}, List.of(1), List.of(0.0)));
    }

    @Test
    void aUnitWithoutAlternativeCostsNothing() {
        assertArrayEquals(new double[] {0}, ProbedCosts.of(new double[] {0}, List.of(), List.of()));
    }
}
