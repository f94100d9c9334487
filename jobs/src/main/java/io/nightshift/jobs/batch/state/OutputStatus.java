package io.nightshift.jobs.batch.state;

import java.util.Locale;

/** What became of an output. */
public enum OutputStatus {
    /** Made, and still to be evaluated. */
    MADE,
    /** Made, or complete already; evaluated where that was asked for. */
    COMPLETE,
    /** Made, and worse than its gate allows. */
    OVER_GATE,
    /** Worse than its gate allows, and taken away again. */
    WITHHELD,
    /** Not made, or made and not evaluated although that was asked for: the error says why. */
    FAILED,
    /** Not begun: its turn came after the deadline, or it would not have finished by then. */
    NOT_STARTED;

    /** As people read it. */
    public String words() {
        return name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }

    /** Whether the output is there. */
    public boolean isThere() {
        return this == MADE || this == COMPLETE || this == OVER_GATE;
    }
}
