package io.nightshift.jobs.forward;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;

/**
 * Consecutive sequences that are worked on together. Groups belong to the plan, not to the cluster: what is summed over
 * sequences is summed group by group.
 *
 * @param index from 0
 * @param sequences token ids, all of the same length
 */
public record SequenceGroup(int index, List<int[]> sequences) implements Serializable {
    /**
     * Cuts sequences into groups of about the same size.
     *
     * @param groups number of groups, or fewer where there are fewer sequences
     */
    public static List<SequenceGroup> cut(List<int[]> sequences, int groups) {
        int count = Math.min(groups, sequences.size());
        List<SequenceGroup> cut = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int from = (int) ((long) i * sequences.size() / count);
            int to = (int) ((long) (i + 1) * sequences.size() / count);
            cut.add(new SequenceGroup(i, new ArrayList<>(sequences.subList(from, to))));
        }
        return cut;
    }

    /** How many sequences are in the largest of the groups that so many are cut into. */
    public static int largest(int sequences, int groups) {
        int count = Math.min(groups, sequences);
        return (sequences + count - 1) / count;
    }
}
