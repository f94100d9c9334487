package io.nightshift.kernels.optimize;

import java.io.Serializable;

/**
 * A choice for each unit.
 *
 * @param chosen number of the choice of each unit
 * @param bits bits of all of them
 * @param cost sum of the errors' powers
 * @param bound what no choices within the budget can cost less than: the cost itself where the optimum is proven
 */
public record Choices(int[] chosen, long bits, double cost, double bound) implements Serializable {
    /** What the cost may be above the optimum at most, as a share of the cost; 0 where the optimum is proven. */
    public double gap() {
        return cost == 0 ? 0 : Math.max(0, (cost - bound) / cost);
    }
}
