package io.nightshift.kernels.optimize;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * The multiple-choice knapsack problem: one choice a unit, within a budget of bits, with the least sum of errors to a power.
 *
 * <p>The linear relaxation (Dyer, 1984; Zemel, 1984) gives the price of a bit, a bound and a first solution. Dynamic
 * programming over the units then keeps, of the states that the priced bound leaves, those that no other beats in both bits
 * and cost (Pisinger, A minimal algorithm for the multiple-choice knapsack problem, 1995). Without more than
 * {@value #STATES} such states a unit, which was never seen with models, the result is the optimum; else the states of the
 * best bounds are kept, and the result says what is proven. One thread, the same result every time.
 */
public final class BudgetOptimizer {
    /** States that are kept a unit: eight bytes each. */
    private static final int STATES = 1 << 16;

    /** Below this share of a cost, differences are those of rounding. */
    private static final double ROUNDING = 1e-12;

    private final List<ChoiceUnit> units;
    private final double[][] costs;
    private final int[][] candidates;
    private final long budget;

    private BudgetOptimizer(List<ChoiceUnit> units, long budget, double power) {
        this.units = units;
        this.budget = budget;
        this.costs = new double[units.size()][];
        this.candidates = new int[units.size()][];
        for (int i = 0; i < costs.length; i++) {
            costs[i] = Arrays.stream(units.get(i).errors()).map(error -> StrictMath.pow(error, power)).toArray();
            candidates[i] = undominated(i);
        }
    }

    /** The fewest bits that choices for all units take. */
    public static long least(List<ChoiceUnit> units) {
        return units.stream().mapToLong(ChoiceUnit::least).reduce(0, Math::addExact);
    }

    /**
     * Chooses.
     *
     * @param budget most bits of all choices
     * @param power what errors are raised to before they are summed, more than 0
     * @throws IllegalArgumentException if the budget is less than the fewest bits, which the message names, or the power is
     *     not positive
     */
    public static Choices choose(List<ChoiceUnit> units, long budget, double power) {
        if (!(power > 0 && power < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("errors to the power of " + power + ": it must be positive");
        }
        long least = least(units);
        if (budget < least) {
            throw new IllegalArgumentException(
                    "a budget of " + budget + " bits is less than the " + least + " that the smallest choices take");
        }
        return new BudgetOptimizer(units, budget, power).choose();
    }

    /** Choices that take more bits than the one before and cost less. */
    private int[] undominated(int unit) {
        long[] bits = units.get(unit).bits();
        double[] cost = costs[unit];
        List<Integer> order = new ArrayList<>();
        for (int i = 0; i < bits.length; i++) {
            order.add(i);
        }
        order.sort(Comparator.<Integer>comparingLong(i -> bits[i]).thenComparingDouble(i -> cost[i]));
        List<Integer> kept = new ArrayList<>();
        for (int choice : order) {
            if (kept.isEmpty() || cost[choice] < cost[kept.get(kept.size() - 1)]) {
                kept.add(choice);
            }
        }
        return kept.stream().mapToInt(Integer::intValue).toArray();
    }

    /** A step from one choice to a larger one on a unit's convex hull. */
    private record Step(int unit, int from, int to, long bits, double gain) {
        double gainABit() {
            return gain / bits;
        }
    }

    private List<Step> hull(int unit) {
        long[] bits = units.get(unit).bits();
        double[] cost = costs[unit];
        List<Step> steps = new ArrayList<>();
        for (int next = 1; next < candidates[unit].length; next++) {
            int to = candidates[unit][next];
            int from = candidates[unit][next - 1];
            Step step = new Step(unit, from, to, bits[to] - bits[from], cost[from] - cost[to]);
            while (!steps.isEmpty() && steps.get(steps.size() - 1).gainABit() <= step.gainABit()) {
                from = steps.remove(steps.size() - 1).from();
                step = new Step(unit, from, to, bits[to] - bits[from], cost[from] - cost[to]);
            }
            steps.add(step);
        }
        return steps;
    }

    private Choices choose() {
        List<Step> steps = new ArrayList<>();
        int[] chosen = new int[units.size()];
        for (int unit = 0; unit < chosen.length; unit++) {
            steps.addAll(hull(unit));
            chosen[unit] = candidates[unit][0];
        }
        steps.sort(Comparator.comparingDouble(Step::gainABit).reversed().thenComparingInt(Step::unit));
        double price = 0;
        long left = budget - bits(chosen);
        for (Step step : steps) {
            if (step.bits() > left) {
                price = step.gainABit();
                break;
            }
            chosen[step.unit()] = step.to();
            left -= step.bits();
        }
        fill(chosen);
        return new States(price, cost(chosen), bits(chosen), chosen).search();
    }

    /** Spends what is left where it gains most, until nothing fits. */
    private void fill(int[] chosen) {
        long left = budget - bits(chosen);
        while (true) {
            int best = -1;
            int choice = -1;
            double most = 0;
            for (int unit = 0; unit < chosen.length; unit++) {
                for (int candidate : candidates[unit]) {
                    double gain = costs[unit][chosen[unit]] - costs[unit][candidate];
                    if (gain > most && units.get(unit).bits()[candidate] - units.get(unit).bits()[chosen[unit]] <= left) {
                        most = gain;
                        best = unit;
                        choice = candidate;
                    }
                }
            }
            if (best < 0) {
                return;
            }
            left -= units.get(best).bits()[choice] - units.get(best).bits()[chosen[best]];
            chosen[best] = choice;
        }
    }

    private long bits(int[] chosen) {
        long bits = 0;
        for (int unit = 0; unit < chosen.length; unit++) {
            bits = Math.addExact(bits, units.get(unit).bits()[chosen[unit]]);
        }
        return bits;
    }

    private double cost(int[] chosen) {
        double cost = 0;
        for (int unit = 0; unit < chosen.length; unit++) {
            cost += costs[unit][chosen[unit]];
        }
        return cost;
    }

    /** One unit's choice on top of a state of the units before it. */
    private record State(long bits, double cost, int before, int choice) {}

    /** The states of some units that may still lead to something better than what is known. */
    private final class States {
        private final double price;
        private final double known;
        private final long knownBits;
        private final int[] knownChoices;

        /** What the units from each one on cost at least, bits included at their price; and their fewest bits. */
        private final double[] rest;
        private final long[] restBits;

        /** The least bound of a state that was dropped for want of room. */
        private double dropped = Double.POSITIVE_INFINITY;

        States(double price, double known, long knownBits, int[] knownChoices) {
            this.price = price;
            this.known = known;
            this.knownBits = knownBits;
            this.knownChoices = knownChoices;
            this.rest = new double[units.size() + 1];
            this.restBits = new long[units.size() + 1];
            for (int unit = units.size() - 1; unit >= 0; unit--) {
                double least = Double.POSITIVE_INFINITY;
                for (int choice : candidates[unit]) {
                    least = Math.min(least, costs[unit][choice] + price * units.get(unit).bits()[choice]);
                }
                rest[unit] = rest[unit + 1] + least;
                restBits[unit] = restBits[unit + 1] + units.get(unit).least();
            }
        }

        private double bound(long bits, double cost, int next) {
            return cost + rest[next] - price * (budget - bits);
        }

        Choices search() {
            int[][] before = new int[units.size()][];
            int[][] choice = new int[units.size()][];
            List<State> states = List.of(new State(0, 0, -1, -1));
            for (int unit = 0; unit < units.size(); unit++) {
                states = kept(extended(states, unit), unit + 1);
                before[unit] = states.stream().mapToInt(State::before).toArray();
                choice[unit] = states.stream().mapToInt(State::choice).toArray();
            }
            int[] chosen = knownChoices;
            double cost = known;
            long bits = knownBits;
            // States ascend in bits and descend in cost: the last one is the best.
            if (!states.isEmpty() && !units.isEmpty() && states.get(states.size() - 1).cost() < known) {
                chosen = new int[units.size()];
                int at = states.size() - 1;
                for (int unit = units.size() - 1; unit >= 0; unit--) {
                    chosen[unit] = choice[unit][at];
                    at = before[unit][at];
                }
                cost = BudgetOptimizer.this.cost(chosen);
                bits = BudgetOptimizer.this.bits(chosen);
            }
            return new Choices(chosen, bits, cost, Math.min(cost, dropped));
        }

        private List<State> extended(List<State> states, int unit) {
            List<State> extended = new ArrayList<>();
            double limit = known * (1 + ROUNDING);
            for (int i = 0; i < states.size(); i++) {
                State state = states.get(i);
                for (int candidate : candidates[unit]) {
                    long bits = state.bits() + units.get(unit).bits()[candidate];
                    double cost = state.cost() + costs[unit][candidate];
                    if (bits + restBits[unit + 1] <= budget && bound(bits, cost, unit + 1) <= limit) {
                        extended.add(new State(bits, cost, i, candidate));
                    }
                }
            }
            return extended;
        }

        /** The states that no other one beats; where they are too many, those of the least bounds. */
        private List<State> kept(List<State> states, int next) {
            states.sort(Comparator.comparingLong(State::bits).thenComparingDouble(State::cost));
            List<State> kept = new ArrayList<>();
            for (State state : states) {
                if (kept.isEmpty() || state.cost() < kept.get(kept.size() - 1).cost()) {
                    kept.add(state);
                }
            }
            if (kept.size() <= STATES) {
                return kept;
            }
            double[] bounds = kept.stream().mapToDouble(state -> bound(state.bits(), state.cost(), next)).sorted().toArray();
            double limit = bounds[STATES - 1];
            dropped = Math.min(dropped, bounds[STATES]);
            return kept.stream().filter(state -> bound(state.bits(), state.cost(), next) <= limit).limit(STATES).toList();
        }
    }
}
