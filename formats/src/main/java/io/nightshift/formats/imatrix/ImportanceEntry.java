package io.nightshift.formats.imatrix;

import io.nightshift.formats.InvalidModelException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What was seen of the inputs of one tensor: the sum of the squares of each input channel over all tokens, and the
 * number of tokens. Experts that are stacked in one tensor have sums of their own, and most often counts too.
 *
 * @param sums sums of squares, the channels of the first matrix first; finite and not negative
 * @param counts tokens that each matrix saw; one count where all of them saw the same tokens
 */
public record ImportanceEntry(float[] sums, long[] counts) {
    /**
     * Checks the lengths. Values are checked when they are used: an entry that the user leaves out may hold anything.
     *
     * @throws InvalidModelException if the sums do not split into one slice of the same length for each count
     */
    public ImportanceEntry {
        if (counts.length == 0 || sums.length == 0 || sums.length % counts.length != 0) {
            throw new InvalidModelException(sums.length + " sums of squares do not belong to " + counts.length
                    + " counts of tokens");
        }
        for (long count : counts) {
            if (count < 0) {
                throw new InvalidModelException("a count of tokens is " + count);
            }
        }
    }

    /**
     * The importance of each channel: its mean square. A matrix that saw no tokens has one everywhere, as
     * llama-quantize has it (tools/quantize/quantize.cpp, load_imatrix).
     *
     * @return as many values as there are sums
     * @throws InvalidModelException if one is negative, infinite or not a number
     */
    public float[] means() {
        float[] means = new float[sums.length];
        int columns = sums.length / counts.length;
        for (int i = 0; i < counts.length; i++) {
            int from = i * columns;
            if (counts[i] == 0) {
                Arrays.fill(means, from, from + columns, 1);
                continue;
            }
            float count = counts[i];
            for (int j = from; j < from + columns; j++) {
                float mean = sums[j] / count;
                // Written so that NaN fails too.
                if (!(mean >= 0 && mean <= Float.MAX_VALUE)) {
                    throw new InvalidModelException("value " + j + " is " + mean
                            + "; means of squares are finite and not negative");
                }
                means[j] = mean;
            }
        }
        return means;
    }

    /** The matrices that saw no tokens, counted from 0. */
    public List<Integer> unseen() {
        List<Integer> unseen = new ArrayList<>();
        for (int i = 0; i < counts.length; i++) {
            if (counts[i] == 0) {
                unseen.add(i);
            }
        }
        return unseen;
    }

    /**
     * This entry and another one of the same tensor, added up. Where one of them has a single count it holds for each
     * matrix of the other (tools/imatrix/imatrix.cpp, load_imatrix).
     *
     * @throws InvalidModelException if the lengths differ otherwise
     */
    ImportanceEntry plus(ImportanceEntry other) {
        if (sums.length != other.sums.length) {
            throw new InvalidModelException("one matrix has " + sums.length + " values and another has "
                    + other.sums.length + "; are they of the same model?");
        }
        int matrices = Math.max(counts.length, other.counts.length);
        int fewest = Math.min(counts.length, other.counts.length);
        if (fewest != matrices && fewest != 1) {
            throw new InvalidModelException("one matrix has " + counts.length + " experts and another has "
                    + other.counts.length + "; are they of the same model?");
        }
        float[] allSums = new float[sums.length];
        for (int i = 0; i < sums.length; i++) {
            allSums[i] = sums[i] + other.sums[i];
        }
        long[] allCounts = new long[matrices];
        for (int i = 0; i < matrices; i++) {
            allCounts[i] = Math.addExact(count(i), other.count(i));
        }
        return new ImportanceEntry(allSums, allCounts);
    }

    private long count(int matrix) {
        return counts[counts.length == 1 ? 0 : matrix];
    }
}
