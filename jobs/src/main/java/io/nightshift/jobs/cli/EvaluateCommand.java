package io.nightshift.jobs.cli;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.jobs.evaluation.EvaluateJob;
import io.nightshift.jobs.evaluation.EvaluateRequest;
import io.nightshift.jobs.evaluation.EvaluateResult;
import io.nightshift.jobs.evaluation.EvaluationTable;
import io.nightshift.jobs.output.ParquetTable;
import io.nightshift.jobs.text.TextData;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import org.apache.spark.api.java.JavaSparkContext;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
        name = "evaluate",
        description = "Says what quantized models lost: perplexity, and divergence from the original over held-out"
                + " text.",
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class EvaluateCommand implements Callable<Integer> {
    @Mixin
    private ModelOptions model;

    @Option(
            names = "--quantized",
            paramLabel = "PATH",
            description = "What was made of it, separated by commas: .gguf files of any type, AWQ folders of both"
                    + " formats, EXL2 folders, safetensors checkpoints, or base-logits files of such models.")
    private List<String> quantized = new ArrayList<>();

    @Option(
            names = "--base",
            paramLabel = "PATH",
            description = "What --model is a fine-tune of: a checkpoint, or a base-logits file. Says whether the fine-tune"
                    + " survived in what was made of it.")
    private String base;

    @Option(
            names = "--data",
            required = true,
            paramLabel = "FILES",
            description = "Held-out texts: files, folders or globs of text, JSON lines (.jsonl) or Parquet; may be"
                    + " s3a://.")
    private List<String> data;

    @Option(
            names = "--text-column",
            paramLabel = "NAME",
            description = "Field or column with the text, in JSON lines and Parquet (default: text; with --chat messages).")
    private String textColumn;

    @Option(
            names = "--chat",
            description = "The texts are chats: JSON lines or Parquet with messages, which the checkpoint's own chat template"
                    + " makes a text of. Each conversation is a sequence of its own, and the assistant's tokens alone are"
                    + " scored.")
    private boolean chat;

    @Option(
            names = {"-c", "--context"},
            paramLabel = "N",
            description = "Tokens of a chunk; its second half is scored, as llama-perplexity does (default: that of"
                    + " base-logits files, else " + EvaluateRequest.DEFAULT_CONTEXT + "). With --chat the most tokens of a"
                    + " conversation (default: " + EvaluateRequest.DEFAULT_CHAT_CONTEXT + ").")
    private Integer contextLength;

    @Option(names = "--chunks", paramLabel = "N", description = "Most chunks, or conversations (default: all).")
    private Integer chunks;

    @Mixin
    private LogitsOptions logits;

    @Option(names = "--parquet", paramLabel = "FOLDER", description = "Write the table as Parquet too.")
    private String parquet;

    @Mixin
    private PreTokenizerOption preTokenizer;

    @Mixin
    private SparkOptions spark;

    @Mixin
    private JsonOption json;

    @Override
    public Integer call() throws IOException {
        if (chunks != null && chunks < 1) {
            throw new InvalidModelException("--chunks " + chunks + ": at least 1 is needed");
        }
        EvaluateRequest request = new EvaluateRequest(
                model.model(),
                Locations.split(quantized),
                TextData.of(Locations.split(data), Optional.ofNullable(textColumn), OptionalLong.empty(), chat),
                contextLength == null ? OptionalInt.empty() : OptionalInt.of(contextLength),
                chunks == null ? OptionalInt.empty() : OptionalInt.of(chunks),
                preTokenizer.name(),
                logits.baseLogits(),
                logits.savedLogits(),
                Optional.ofNullable(base));
        model.requireIfLocal();
        SparkRuntime runtime = spark.runtime();
        EvaluateJob job = EvaluateJob.plan(request, runtime.hadoop(), new PassProgress(System.err));
        if (parquet != null) {
            ParquetTable.prepare(parquet, runtime.hadoop());
        }
        try (JavaSparkContext context = runtime.start(model.model())) {
            EvaluateResult result = job.run(context);
            EvaluationTable table = new EvaluationTable(result);
            // Figures that took a night are told before a table of them may turn out to find no room.
            table.print(System.out);
            json.print(result, System.out);
            if (parquet != null) {
                table.writeParquet(parquet, runtime.hadoop());
            }
        }
        return 0;
    }
}
