package io.nightshift.jobs.quantize;

import java.util.List;

/**
 * What the choices of a unit cost, of errors that are known of all and divergences that are known of some: divergences grow
 * with the errors that they come from, in proportion, as squares do.
 */
final class ProbedCosts {
    private ProbedCosts() {}

    /**
     * The costs.
     *
     * @param errors of all choices
     * @param probes the choices whose divergence is known; where there are none, the unit has one choice
     * @param divergences of these; what roundings took below 0 counts as 0
     * @return one a choice, at least 0
     */
    static double[] of(double[] errors, List<Integer> probes, List<Double> divergences) {
        double[] costs = new double[errors.length];
        for (int choice = 0; choice < costs.length && !probes.isEmpty(); choice++) {
            int known = probes.indexOf(choice);
            costs[choice] = known >= 0
                    ? Math.max(0, divergences.get(known))
                    : ofOther(errors, choice, probes, divergences);
        }
        return costs;
    }

    /** By the probe whose error is most like it. */
    private static double ofOther(double[] errors, int choice, List<Integer> probes, List<Double> divergences) {
        int nearest = 0;
        for (int i = 1; i < probes.size(); i++) {
            if (distance(errors[choice], errors[probes.get(i)]) < distance(errors[choice], errors[probes.get(nearest)])) {
                nearest = i;
            }
        }
        double ofProbe = errors[probes.get(nearest)];
        double divergence = Math.max(0, divergences.get(nearest));
        // A probe that loses nothing tells nothing of what losses cost: then they count as they are.
        return ofProbe > 0 ? divergence * errors[choice] / ofProbe : divergence + errors[choice];
    }

    private static double distance(double error, double other) {
        return Math.abs(Math.log(Math.max(Double.MIN_NORMAL, error)) - Math.log(Math.max(Double.MIN_NORMAL, other)));
    }
}
