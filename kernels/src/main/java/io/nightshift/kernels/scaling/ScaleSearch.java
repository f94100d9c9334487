package io.nightshift.kernels.scaling;

import io.nightshift.kernels.parallel.Workers;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * AWQ's search for channel scales (Lin et al., 2023; AutoAWQ's {@code _search_best_scale}), on the Gram matrix instead of
 * activations: candidates are tried on a fixed sample of each linear layer's rows, the best one is then to be compared with
 * no scaling at all ({@link ScaleComparison}). A candidate takes channels² multiply-adds a row, half of them by symmetry.
 *
 * <p>Most candidates are so much worse than the best that few rows tell it: all are tried on an eighth of the sample, the best
 * quarter on half of it, and the best {@value #LAST} on the whole.
 */
public final class ScaleSearch {
    /** Candidates that are tried on the whole sample. */
    private static final int LAST = 3;

    /** Rows of a group of layers that tell candidates apart, of long rows half as many; fewer are not looked at. */
    private static final int LEAST_ROWS = 128;
    private static final int LONG_ROW = 8192;

    /**
     * A round.
     *
     * @param share of the sample
     * @param kept candidates that are left after it
     */
    private record Round(double share, int kept) {}

    private ScaleSearch() {}

    private static List<Round> rounds(int candidates) {
        return List.of(new Round(1 / 8.0, Math.max(LAST, candidates / 4)), new Round(1 / 2.0, LAST), new Round(1, 1));
    }

    /** How often the whole sample is gone through, about, until the best of so many candidates is found. */
    public static double passes(int candidates) {
        double passes = 0;
        int left = candidates;
        for (Round round : rounds(candidates)) {
            if (left > round.kept()) {
                passes += round.share() * left;
                left = round.kept();
            }
        }
        return passes;
    }

    /**
     * The candidate that loses least on samples of linear layers; {@link ScaleCandidate#NONE} where there is none. One whose
     * loss is NaN is chosen only where there is nothing else.
     *
     * @param samples rows of the layers that share the input
     */
    public static ScaleCandidate best(ScaleLoss losses, double[] inputMeans, double[] weightMeans,
            List<ScaledLinear> samples, List<ScaleCandidate> candidates, Workers workers) {
        int rows = samples.stream().mapToInt(ScaledLinear::rows).sum();
        double least = inputMeans.length < LONG_ROW ? LEAST_ROWS : LEAST_ROWS / 2;
        List<ScaleCandidate> left = candidates;
        double last = 0;
        for (Round round : rounds(candidates.size())) {
            double share = Math.max(round.share(), Math.min(1, least / rows));
            if (share > last && left.size() > round.kept()) {
                left = ranked(losses, inputMeans, weightMeans, sampled(samples, share), left, workers);
                last = share;
            }
            left = left.subList(0, Math.min(left.size(), round.kept()));
        }
        return left.isEmpty() ? ScaleCandidate.NONE : left.get(0);
    }

    private static List<ScaledLinear> sampled(List<ScaledLinear> linears, double share) {
        return linears.stream().map(linear -> linear.sample((int) Math.ceil(share * linear.rows()))).toList();
    }

    /** Candidates, those that lose least first. */
    private static List<ScaleCandidate> ranked(ScaleLoss losses, double[] inputMeans, double[] weightMeans,
            List<ScaledLinear> linears, List<ScaleCandidate> candidates, Workers workers) {
        Map<ScaleCandidate, Double> found = new HashMap<>();
        for (ScaleCandidate candidate : candidates) {
            found.put(candidate, losses.of(linears, candidate.scales(inputMeans, weightMeans), workers));
        }
        // NaN is behind all numbers there, and equals stay in their order.
        return candidates.stream().sorted(Comparator.comparingDouble(found::get)).toList();
    }
}
