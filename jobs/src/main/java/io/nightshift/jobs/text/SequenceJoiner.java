package io.nightshift.jobs.text;

import java.util.ArrayList;
import java.util.List;

/** Joins tokens and cuts them into sequences of the same length. What is left at the end is dropped. */
final class SequenceJoiner {
    private final int length;
    private final int most;
    private final List<int[]> sequences = new ArrayList<>();
    private final int[] sequence;
    private int filled;

    /**
     * A joiner for one use.
     *
     * @param length tokens of a sequence
     * @param most sequences; what comes after them is dropped
     */
    SequenceJoiner(int length, int most) {
        this.length = length;
        this.most = most;
        sequence = new int[length];
    }

    /** Adds tokens; says whether more are wanted. */
    boolean add(int[] ids) {
        for (int at = 0; at < ids.length && sequences.size() < most; ) {
            int step = Math.min(ids.length - at, length - filled);
            System.arraycopy(ids, at, sequence, filled, step);
            at += step;
            filled += step;
            if (filled == length) {
                sequences.add(sequence.clone());
                filled = 0;
            }
        }
        return sequences.size() < most;
    }

    List<int[]> sequences() {
        return sequences;
    }
}
