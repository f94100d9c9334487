package io.nightshift.jobs.quantize;

import java.util.List;
import java.util.Optional;

/**
 * The choices that an output is made with.
 *
 * @param choices one for each unit of the plan, in its order
 * @param errors what was measured of all choices of each unit; empty where nothing had to be
 */
public record Chosen(List<Choice> choices, Optional<double[][]> errors) {
    /** Choices without an alternative. */
    static Chosen fixed(TargetPlan plan) {
        return new Chosen(plan.units().stream().map(unit -> unit.choices().get(0)).toList(), Optional.empty());
    }
}
