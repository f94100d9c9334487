package io.nightshift.jobs.evaluation;

import java.io.Serializable;

/**
 * Scores of a group's tokens, in their order.
 *
 * @param group the group
 * @param losses negative logarithms of the probability of each next token
 * @param divergences Kullback-Leibler divergence of each prediction from the original's; empty for the original
 * @param tops the most probable token of each prediction
 * @param bytesRead bytes of output matrices that were read for this group, which the other groups of the executor share,
 *     and of base-logits files
 */
record TokenScores(int group, double[] losses, double[] divergences, int[] tops, long bytesRead)
        implements Serializable {}
