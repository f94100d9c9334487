package io.nightshift.jobs.quantize;

import io.nightshift.jobs.rounding.NormStorage;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What a target does to a model, before its choices are made.
 *
 * @param needs what it needs of the statistics of linear layers' inputs
 * @param units the linear layers that are scaled and rounded, all others stay as the layout has them
 * @param roundsByStatistics whether rows of the units' layers are rounded by statistics and scaled as the target's options
 *     say; where not, statistics serve the choice alone, and the layout says what becomes of rows
 * @param selection how choices are made where a unit has several; empty where each has one
 * @param norms how norms are stored, which scales are folded into
 * @param warnings what loaders will not like, one line each
 */
public record TargetPlan(Needs needs, List<Unit> units, boolean roundsByStatistics, Optional<Selection> selection,
        NormStorage norms, List<String> warnings) {
    /** What a target does whose units are rounded as its options say. */
    public TargetPlan(Needs needs, List<Unit> units, Optional<Selection> selection, NormStorage norms,
            List<String> warnings) {
        this(needs, units, true, selection, norms, warnings);
    }


    /** What a target needs of the statistics of linear layers' inputs. */
    public enum Needs {
        /** Nothing. */
        NOTHING,
        /** The importance of channels. */
        IMPORTANCE,
        /** Gram matrices. */
        GRAM
    }

    /**
     * Makes the choices of a plan with a selection.
     *
     * @param errors of each choice of each unit
     * @throws io.nightshift.formats.InvalidModelException if no choice fits the budget
     */
    public Chosen choose(double[][] errors) {
        Selection selection = this.selection.orElseThrow();
        int[] found = selection.optimizer().choose(units, errors, selection.budget());
        List<Choice> choices = new ArrayList<>();
        for (int i = 0; i < found.length; i++) {
            choices.add(units.get(i).choices().get(found[i]));
        }
        return new Chosen(choices, Optional.of(errors));
    }

    /** The choices that scales are searched for. */
    List<Choice> nominal() {
        return units.stream().map(Unit::nominal).toList();
    }
}
