package io.nightshift.jobs.evaluation;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * What a fine-tune changed, and what is left of it. Changed are the predictions whose most probable token is another one
 * than the base's; a quantized model keeps a change where its most probable token is the fine-tune's.
 *
 * @param base how well the base predicts the text by itself
 * @param change the fine-tune compared with the base: its divergences are those of the fine-tune's predictions from the
 *     base's, its {@code sameTop} is the share of predictions that were not changed
 * @param changed number of predictions that were changed
 * @param identical whether the fine-tune predicts what its base does: the mean divergence is below {@value #NO_CHANGE} nats
 * @param kept what each quantized model keeps, in their order
 */
public record FineTune(
        EvaluateResult.Score base, EvaluateResult.Score change, int changed, boolean identical, List<Kept> kept) {
    /** A smaller mean divergence is no change: roundings of a base-logits file make as much. */
    public static final double NO_CHANGE = 1e-6;

    /** A fine-tune survives where so large a share of what it changed is kept. */
    public static final double ENOUGH = 0.9;

    /** Fewer changes are too few to judge by. llama-perplexity, too, does no statistics on fewer tokens. */
    public static final int FEWEST = 100;

    /** Standard errors between a share and {@link #ENOUGH} from which on it is told apart. */
    private static final double SURE = 2;

    /** What became of a fine-tune in a quantized model. */
    public enum Verdict {
        /** The fine-tune changed nothing that could be kept. */
        IDENTICAL,
        /** Enough is kept. */
        SURVIVED,
        /** Too little is kept. */
        LOST,
        /** The text is too short to tell. */
        UNDECIDED
    }

    /**
     * What a quantized model keeps.
     *
     * @param location where it is
     * @param share of the changed predictions whose most probable token is the fine-tune's; 1 where none were changed
     * @param error the share's standard error
     * @param revertedShare share of those whose most probable token is the base's again; the rest have a third one
     * @param verdict what that means
     */
    public record Kept(String location, double share, double error, double revertedShare, Verdict verdict) {}

    /**
     * Compares most probable tokens.
     *
     * @param base the base's own scores
     * @param change of the fine-tune, against the base
     * @param quantized scores of the quantized models
     * @param tops the most probable tokens of the base, of the fine-tune and of each quantized model, in the order of the
     *     text
     */
    static FineTune of(EvaluateResult.Score base, EvaluateResult.Score change, int[] baseTops, int[] ownTops,
            List<EvaluateResult.Score> quantized, List<int[]> tops) {
        boolean identical = Math.abs(change.meanDivergence()) < NO_CHANGE;
        int changed = 0;
        for (int i = 0; i < ownTops.length; i++) {
            changed += ownTops[i] == baseTops[i] ? 0 : 1;
        }
        List<Kept> kept = new ArrayList<>();
        for (int model = 0; model < quantized.size(); model++) {
            int keeps = 0;
            int reverts = 0;
            for (int i = 0; i < ownTops.length; i++) {
                if (ownTops[i] != baseTops[i]) {
                    int top = tops.get(model)[i];
                    keeps += top == ownTops[i] ? 1 : 0;
                    reverts += top == baseTops[i] ? 1 : 0;
                }
            }
            double share = changed == 0 ? 1 : (double) keeps / changed;
            double error = changed < 2 ? 0 : Math.sqrt(share * (1 - share) / (changed - 1));
            kept.add(new Kept(quantized.get(model).location(), share, error,
                    changed == 0 ? 0 : (double) reverts / changed, verdict(identical, changed, share, error)));
        }
        return new FineTune(base, change, changed, identical, kept);
    }

    private static Verdict verdict(boolean identical, int changed, double share, double error) {
        if (identical) {
            return Verdict.IDENTICAL;
        }
        if (changed < FEWEST || Math.abs(share - ENOUGH) < SURE * error) {
            return Verdict.UNDECIDED;
        }
        return share >= ENOUGH ? Verdict.SURVIVED : Verdict.LOST;
    }

    /** What the fine-tune did, in a sentence. */
    String changeSentence(long tokens) {
        if (identical) {
            return String.format(Locale.ROOT, "The fine-tune is identical to its base in what it predicts (mean KLD %.1e nats,"
                    + " below %.0e): there is nothing to keep.", change.meanDivergence(), NO_CHANGE);
        }
        return String.format(Locale.ROOT, "The fine-tune's mean KLD from its base is %.6f +/- %.6f; it changed the most"
                        + " probable token of %d of %d predictions (%.1f %%), and the perplexity from %.4f to %.4f.",
                change.meanDivergence(), change.meanDivergenceError(), changed, tokens, 100. * changed / tokens,
                base.perplexity(), change.perplexity());
    }

    /** The verdict on a quantized model, in a sentence. */
    String sentence(Kept model) {
        String measured = String.format(Locale.ROOT, "%.1f %% +/- %.1f %% of these changes are kept and %.1f %% taken back",
                100 * model.share(), 100 * model.error(), 100 * model.revertedShare());
        return switch (model.verdict()) {
            case IDENTICAL -> "there is no fine-tune to survive.";
            case SURVIVED -> String.format(Locale.ROOT, "the fine-tune survived: %s, where %.0f %% are asked for.",
                    measured, 100 * ENOUGH);
            case LOST -> String.format(Locale.ROOT, "the fine-tune did not survive: %s, where %.0f %% are asked for.",
                    measured, 100 * ENOUGH);
            case UNDECIDED -> String.format(Locale.ROOT, "the text does not tell whether the fine-tune survived: %s, where"
                            + " %.0f %% are asked for; %s.", measured, 100 * ENOUGH, changed < FEWEST
                            ? changed + " changes are too few, and " + FEWEST + " the least"
                            : "they are less than two standard errors apart, give more text");
        };
    }
}
