package io.nightshift.jobs.quantize;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.kernels.optimize.BudgetOptimizer;
import io.nightshift.kernels.optimize.ChoiceUnit;
import java.util.ArrayList;
import java.util.List;

/**
 * The choices with the least sum of errors to a power, within the budget.
 *
 * @param power what errors are raised to before they are summed, more than 0
 */
public record BudgetedChoice(double power) implements Optimizer {
    @Override
    public int[] choose(List<Unit> units, double[][] errors, long budget) {
        List<ChoiceUnit> all = new ArrayList<>();
        for (int i = 0; i < errors.length; i++) {
            all.add(new ChoiceUnit(units.get(i).choices().stream().mapToLong(Choice::bits).toArray(), errors[i]));
        }
        try {
            return BudgetOptimizer.choose(all, budget, power).chosen();
        } catch (IllegalArgumentException e) {
            throw new InvalidModelException(e.getMessage(), e);
        }
    }
}
