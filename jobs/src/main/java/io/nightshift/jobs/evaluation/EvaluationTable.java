package io.nightshift.jobs.evaluation;

import io.nightshift.jobs.output.ParquetTable;
import io.nightshift.jobs.storage.HadoopSettings;
import java.io.IOException;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** An evaluation as a table: for people, and as Parquet. */
public final class EvaluationTable {
    /** Of base to changed_tokens the fine-tune has them, beside its base; of kept to verdict what was made of one. */
    private static final String COLUMNS = """
            required binary model (STRING);
            required boolean is_original;
            required int32 context;
            required int64 scored_tokens;
            required double perplexity;
            required double perplexity_error;
            required double mean_divergence;
            required double mean_divergence_error;
            required double divergence_99;
            required double divergence_999;
            required double maximal_divergence;
            required double same_top;
            required double perplexity_first_half;
            required double perplexity_second_half;
            required double mean_divergence_first_half;
            required double mean_divergence_second_half;
            optional double base_perplexity;
            optional double base_divergence;
            optional int32 changed_tokens;
            optional double kept;
            optional double kept_error;
            optional double reverted;
            optional binary verdict (STRING);
            required boolean chat;
            """;

    private final EvaluateResult result;

    /** A table of a result. */
    public EvaluationTable(EvaluateResult result) {
        this.result = result;
    }

    /** Prints it. */
    public void print(PrintStream out) {
        out.printf(Locale.ROOT, "%-40s %10s %8s %10s %9s %9s %10s %10s %9s%n",
                "model", "perplexity", "+/-", "mean KLD", "+/-", "noise", "99 %", "99.9 %", "same top");
        for (EvaluateResult.Score score : scores()) {
            out.printf(
                    Locale.ROOT,
                    "%-40s %10.4f %8.4f %10.6f %9.6f %9.6f %10.6f %10.6f %8.2f%%%n",
                    shortened(score.location()),
                    score.perplexity(),
                    score.perplexityError(),
                    score.meanDivergence(),
                    score.meanDivergenceError(),
                    score.divergenceNoise(),
                    score.divergence99(),
                    score.divergence999(),
                    score.sameTop() * 100);
        }
        out.printf(Locale.ROOT, (result.chats() == null
                        ? "%d chunks of %d tokens, %d tokens scored"
                        : "%d conversations of at most %d tokens, %d tokens of the assistant scored")
                        + ", %.1f s, %.0f tokens/s;"
                        + " read %.1f MB of weights%n",
                result.chunks(), result.context(), result.scoredTokens(), result.seconds(), result.tokensPerSecond(),
                result.bytesRead() * 1e-6);
        if (!result.quantized().isEmpty()) {
            out.println("+/- is the standard error over tokens; noise is half the difference between the mean KLD of the"
                    + " text's first half and that of its second");
        }
        if (result.fineTune() != null) {
            out.println(result.fineTune().changeSentence(result.scoredTokens()));
            for (FineTune.Kept kept : result.fineTune().kept()) {
                out.println(shortened(kept.location()) + ": " + result.fineTune().sentence(kept));
            }
        }
    }

    /** Writes it as a Parquet folder, one row a model. */
    public void writeParquet(String folder, HadoopSettings settings) throws IOException {
        ParquetTable table = new ParquetTable(COLUMNS);
        FineTune fineTune = result.fineTune();
        int model = 0;
        for (EvaluateResult.Score score : scores()) {
            boolean isFineTune = fineTune != null && score == result.original();
            FineTune.Kept kept = fineTune != null && !isFineTune ? fineTune.kept().get(model++) : null;
            table.add(
                    score.location(),
                    score == result.original(),
                    result.context(),
                    result.scoredTokens(),
                    score.perplexity(),
                    score.perplexityError(),
                    score.meanDivergence(),
                    score.meanDivergenceError(),
                    score.divergence99(),
                    score.divergence999(),
                    score.maximalDivergence(),
                    score.sameTop(),
                    score.firstHalf().perplexity(),
                    score.secondHalf().perplexity(),
                    score.firstHalf().meanDivergence(),
                    score.secondHalf().meanDivergence(),
                    isFineTune ? fineTune.base().perplexity() : null,
                    isFineTune ? fineTune.change().meanDivergence() : null,
                    isFineTune ? fineTune.changed() : null,
                    kept == null ? null : kept.share(),
                    kept == null ? null : kept.error(),
                    kept == null ? null : kept.revertedShare(),
                    kept == null ? null : kept.verdict().name(),
                    result.chats() != null);
        }
        table.write(folder, settings);
    }

    private List<EvaluateResult.Score> scores() {
        List<EvaluateResult.Score> scores = new ArrayList<>();
        scores.add(result.original());
        scores.addAll(result.quantized());
        return scores;
    }

    private static String shortened(String location) {
        return location.length() <= 40 ? location : "…" + location.substring(location.length() - 39);
    }
}
