package io.nightshift.jobs.evaluation;

import io.nightshift.formats.logits.BaseLogits;
import io.nightshift.jobs.forward.SequenceGroup;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;

/**
 * A group of sequences with what is scored of them.
 *
 * @param group the sequences
 * @param scored for each sequence the tokens whose predictions are scored, by their indexes in order; none is the last one
 */
record ScoredGroup(SequenceGroup group, List<int[]> scored) implements Serializable {
    /** Groups with what is scored of all sequences, in order. */
    static ScoredGroup[] of(List<SequenceGroup> groups, List<int[]> scored) {
        List<ScoredGroup> all = new ArrayList<>();
        int from = 0;
        for (SequenceGroup group : groups) {
            int to = from + group.sequences().size();
            all.add(new ScoredGroup(group, new ArrayList<>(scored.subList(from, to))));
            from = to;
        }
        return all.toArray(new ScoredGroup[0]);
    }

    /**
     * What llama-perplexity scores of chunks (perplexity.cpp): with a context of n the tokens n/2 + 1 to n - 1 are predicted
     * from those before them.
     */
    static List<int[]> secondHalves(int context, int chunks) {
        int[] scored = IntStream.range(context / 2, context / 2 + BaseLogits.scored(context)).toArray();
        return Collections.nCopies(chunks, scored);
    }

    /** The tokens that are to be predicted. */
    int[] next() {
        return IntStream.range(0, scored.size()).flatMap(i -> {
            int[] tokens = group.sequences().get(i);
            return IntStream.of(scored.get(i)).map(at -> tokens[at + 1]);
        }).toArray();
    }

    /** The rows of the scored tokens, of rows for all tokens of the group. */
    float[] rows(float[] states, int size) {
        int length = group.sequences().get(0).length;
        float[] rows = new float[scored.stream().mapToInt(each -> each.length).sum() * size];
        int row = 0;
        for (int i = 0; i < scored.size(); i++) {
            for (int at : scored.get(i)) {
                System.arraycopy(states, (i * length + at) * size, rows, row++ * size, size);
            }
        }
        return rows;
    }
}
