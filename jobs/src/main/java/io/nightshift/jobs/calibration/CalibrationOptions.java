package io.nightshift.jobs.calibration;

import io.nightshift.formats.statistics.StatisticsKind;
import io.nightshift.jobs.text.Packing;
import io.nightshift.jobs.text.TextData;
import java.util.OptionalInt;

/**
 * How a model is calibrated.
 *
 * @param input what it is run on
 * @param groups groups of sequences: each is one partition, and sums are added up group by group; empty for as many as the
 *     tokens are worth
 * @param statistics what is kept
 * @param minExpertTokens experts with fewer tokens get the statistics of all experts together
 * @param routeAllExperts whether statistics of experts are those of all tokens
 */
public record CalibrationOptions(
        CalibrationInput input,
        OptionalInt groups,
        StatisticsKind statistics,
        int minExpertTokens,
        boolean routeAllExperts) {
    /** Sequences where the user gives no number, for documents; all chunks for llama-imatrix's packing. */
    public static final int DEFAULT_SAMPLES = 128;

    /** Tokens of a sequence where the user gives no number. */
    public static final int DEFAULT_SEQUENCE_LENGTH = 512;

    /** Groups where the user gives no number, at most. */
    private static final int MOST_GROUPS = 16;

    /** Tokens that a group is made for: with fewer, moving its Gram matrices takes longer than making them. */
    private static final int TOKENS_A_GROUP = 1024;

    /** Tokens an expert needs where the user gives no number. */
    public static final int DEFAULT_MIN_EXPERT_TOKENS = 32;

    /** A model run on texts: the parameters are those of {@link CalibrationInput.Texts} and of the record. */
    public CalibrationOptions(
            TextData data,
            Packing packing,
            OptionalInt samples,
            int sequenceLength,
            int groups,
            StatisticsKind statistics,
            int minExpertTokens,
            boolean routeAllExperts) {
        this(new CalibrationInput.Texts(data, packing, samples, sequenceLength), OptionalInt.of(groups), statistics,
                minExpertTokens, routeAllExperts);
    }

    /**
     * Groups of so many sequences.
     *
     * @param length of a sequence, in tokens
     */
    public int groupsOf(int sequences, int length) {
        long worth = Math.max(1, (long) sequences * length / TOKENS_A_GROUP);
        return Math.min(sequences, groups.orElse((int) Math.min(MOST_GROUPS, worth)));
    }
}
