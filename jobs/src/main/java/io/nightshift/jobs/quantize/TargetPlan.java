package io.nightshift.jobs.quantize;

import io.nightshift.jobs.rounding.NormStorage;
import java.util.List;
import java.util.Optional;

/**
 * What a target does to a model, before its choices are made.
 *
 * @param needs what it needs of the statistics of linear layers' inputs
 * @param units the linear layers that are scaled and rounded, all others stay as the layout has them
 * @param selection how choices are made where a unit has several; empty where each has one
 * @param norms how norms are stored, which scales are folded into
 * @param warnings what loaders will not like, one line each
 */
public record TargetPlan(Needs needs, List<Unit> units, Optional<Selection> selection, NormStorage norms,
        List<String> warnings) {
    /** What a target needs of the statistics of linear layers' inputs. */
    public enum Needs {
        /** Nothing. */
        NOTHING,
        /** The importance of channels. */
        IMPORTANCE,
        /** Gram matrices. */
        GRAM
    }

    /** The choices that scales are searched for. */
    List<Choice> nominal() {
        return units.stream().map(Unit::nominal).toList();
    }
}
