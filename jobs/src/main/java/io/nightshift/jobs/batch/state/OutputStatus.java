package io.nightshift.jobs.batch.state;

/** What became of an output. */
public enum OutputStatus {
    /** Made, or complete already. */
    COMPLETE,
    /** Made, and worse than its gate allows. */
    OVER_GATE,
    /** Worse than its gate allows, and taken away again. */
    WITHHELD,
    /** Not made: the error says why. */
    FAILED,
    /** Not begun: it would not have finished by the deadline. */
    NOT_STARTED;

    /** Whether the output is there. */
    public boolean isThere() {
        return this == COMPLETE || this == OVER_GATE;
    }
}
