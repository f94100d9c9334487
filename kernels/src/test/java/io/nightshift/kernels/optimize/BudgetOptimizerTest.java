package io.nightshift.kernels.optimize;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class BudgetOptimizerTest {
    /** Errors that fall with bits, with noise: some choices are dominated, many off the hull. */
    private static List<ChoiceUnit> units(int count, int choices, SplittableRandom random) {
        List<ChoiceUnit> units = new ArrayList<>();
        for (int unit = 0; unit < count; unit++) {
            long[] bits = new long[choices];
            double[] errors = new double[choices];
            double size = 1 + random.nextInt(3);
            double sensitivity = Math.exp(random.nextDouble() * 3);
            for (int i = 0; i < choices; i++) {
                double bitsAWeight = 2 + 6 * random.nextDouble();
                bits[i] = (long) (1000 * size * bitsAWeight);
                errors[i] = sensitivity * Math.pow(2, -bitsAWeight) * (0.7 + 0.6 * random.nextDouble());
            }
            units.add(new ChoiceUnit(bits, errors));
        }
        return units;
    }

    private static double bruteForce(List<ChoiceUnit> units, int unit, long left, double power) {
        if (left < 0) {
            return Double.POSITIVE_INFINITY;
        }
        if (unit == units.size()) {
            return 0;
        }
        double best = Double.POSITIVE_INFINITY;
        for (int i = 0; i < units.get(unit).bits().length; i++) {
            double rest = bruteForce(units, unit + 1, left - units.get(unit).bits()[i], power);
            best = Math.min(best, Math.pow(units.get(unit).errors()[i], power) + rest);
        }
        return best;
    }

    private static void requireWithin(List<ChoiceUnit> units, long budget, double power, Choices choices) {
        long bits = 0;
        double cost = 0;
        for (int unit = 0; unit < units.size(); unit++) {
            bits += units.get(unit).bits()[choices.chosen()[unit]];
            cost += Math.pow(units.get(unit).errors()[choices.chosen()[unit]], power);
        }
        assertEquals(bits, choices.bits());
        assertTrue(bits <= budget);
        assertEquals(cost, choices.cost(), 1e-12 * cost);
    }

    @Test
    void findsWhatTryingEverythingFinds() {
        SplittableRandom random = new SplittableRandom(1);
        for (int instance = 0; instance < 300; instance++) {
            List<ChoiceUnit> units = units(1 + random.nextInt(6), 1 + random.nextInt(7), random);
            long least = BudgetOptimizer.least(units);
            long budget = least + random.nextInt(20_000);
            double power = 0.5 + 3 * random.nextDouble();
            Choices choices = BudgetOptimizer.choose(units, budget, power);
            requireWithin(units, budget, power, choices);
            double best = bruteForce(units, 0, budget, power);
            assertEquals(best, choices.cost(), 1e-11 * best, "instance " + instance);
            assertEquals(0, choices.gap());
        }
    }

    /** Errors of zero and equal choices, where bounds touch. */
    @Test
    void findsItAmongTies() {
        SplittableRandom random = new SplittableRandom(2);
        for (int instance = 0; instance < 300; instance++) {
            List<ChoiceUnit> units = new ArrayList<>();
            for (int unit = 0; unit < 5; unit++) {
                long[] bits = new long[6];
                double[] errors = new double[6];
                for (int i = 0; i < 6; i++) {
                    bits[i] = random.nextInt(8);
                    errors[i] = random.nextInt(5);
                }
                units.add(new ChoiceUnit(bits, errors));
            }
            long budget = BudgetOptimizer.least(units) + random.nextInt(20);
            Choices choices = BudgetOptimizer.choose(units, budget, 1);
            requireWithin(units, budget, 1, choices);
            assertEquals(bruteForce(units, 0, budget, 1), choices.cost(), 1e-9);
        }
    }

    @Test
    void twoHundredUnitsAreSolvedToTheOptimum() {
        List<ChoiceUnit> units = units(200, 361, new SplittableRandom(3));
        for (double share : new double[] {0.02, 0.3, 0.7}) {
            long least = BudgetOptimizer.least(units);
            long budget = least + (long) (share * least);
            Choices choices = BudgetOptimizer.choose(units, budget, 2);
            requireWithin(units, budget, 2, choices);
            assertEquals(0, choices.gap(), "at " + share);
            assertArrayEquals(choices.chosen(), BudgetOptimizer.choose(units, budget, 2).chosen());
        }
    }

    @Test
    void aLargeBudgetTakesTheLeastErrors() {
        List<ChoiceUnit> units = List.of(new ChoiceUnit(new long[] {1, 9, 5}, new double[] {3, 1, 2}),
                new ChoiceUnit(new long[] {4}, new double[] {7}));
        Choices choices = BudgetOptimizer.choose(units, 1000, 1);
        assertArrayEquals(new int[] {1, 0}, choices.chosen());
        assertEquals(13, choices.bits());
        assertEquals(8, choices.cost());
    }

    @Test
    void whatCannotBeIsRefused() {
        List<ChoiceUnit> units = List.of(new ChoiceUnit(new long[] {10, 20}, new double[] {2, 1}),
                new ChoiceUnit(new long[] {7, 30}, new double[] {2, 1}));
        IllegalArgumentException refused =
                assertThrows(IllegalArgumentException.class, () -> BudgetOptimizer.choose(units, 16, 2));
        assertTrue(refused.getMessage().contains("17"), refused.getMessage());
        assertArrayEquals(new int[] {0, 0}, BudgetOptimizer.choose(units, 17, 2).chosen());
        assertThrows(IllegalArgumentException.class, () -> BudgetOptimizer.choose(units, 17, 0));
        assertThrows(IllegalArgumentException.class, () -> new ChoiceUnit(new long[] {1}, new double[] {Double.NaN}));
        assertThrows(IllegalArgumentException.class, () -> new ChoiceUnit(new long[0], new double[0]));
    }
}
