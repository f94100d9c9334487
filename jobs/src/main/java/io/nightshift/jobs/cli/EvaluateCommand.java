package io.nightshift.jobs.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.nightshift.formats.InvalidModelException;
import io.nightshift.jobs.evaluation.EvaluateJob;
import io.nightshift.jobs.evaluation.EvaluateRequest;
import io.nightshift.jobs.evaluation.EvaluateResult;
import io.nightshift.jobs.evaluation.EvaluationTable;
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
import picocli.CommandLine.Option;

@Command(
        name = "evaluate",
        description = "Says what quantized models lost: perplexity, and divergence from the original over held-out"
                + " text.",
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class EvaluateCommand implements Callable<Integer> {
    @Option(
            names = "--model",
            required = true,
            paramLabel = "FOLDER",
            description = "The original checkpoint: a folder or an s3a:// prefix with config.json, safetensors and"
                    + " tokenizer.")
    private String model;

    @Option(
            names = "--quantized",
            split = ",",
            paramLabel = "PATH",
            description = "What was made of it, separated by commas: .gguf files of any type, AWQ folders of both"
                    + " formats, or safetensors checkpoints.")
    private List<String> quantized = new ArrayList<>();

    @Option(
            names = "--data",
            required = true,
            split = ",",
            paramLabel = "FILES",
            description = "Held-out texts: files, folders or globs of text, JSON lines (.jsonl) or Parquet; may be"
                    + " s3a://.")
    private List<String> data;

    @Option(
            names = "--text-column",
            paramLabel = "NAME",
            defaultValue = TextData.DEFAULT_COLUMN,
            description = "Field or column with the text, in JSON lines and Parquet (default: ${DEFAULT-VALUE}).")
    private String textColumn;

    @Option(
            names = {"-c", "--context"},
            paramLabel = "N",
            defaultValue = "512",
            description = "Tokens of a chunk; its second half is scored, as llama-perplexity does (default:"
                    + " ${DEFAULT-VALUE}).")
    private int context;

    @Option(names = "--chunks", paramLabel = "N", description = "Most chunks (default: all).")
    private Integer chunks;

    @Option(names = "--parquet", paramLabel = "FOLDER", description = "Write the table as Parquet too.")
    private String parquet;

    @Option(
            names = "--pre-tokenizer",
            paramLabel = "NAME",
            description = "llama.cpp's name of the BPE pre-tokenizer, where it is not recognised.")
    private String preTokenizer;

    @Option(names = "--master", paramLabel = "URL", description = "Spark master (default: spark-submit's, else"
            + " local[*]).")
    private String master;

    @Option(names = "--json", description = "Print the result as one line of JSON, last.")
    private boolean json;

    @Override
    public Integer call() throws IOException {
        if (chunks != null && chunks < 1) {
            throw new InvalidModelException("--chunks " + chunks + ": at least 1 is needed");
        }
        EvaluateRequest request = new EvaluateRequest(
                model,
                quantized,
                new TextData(data, textColumn, OptionalLong.empty()),
                context,
                chunks == null ? OptionalInt.empty() : OptionalInt.of(chunks),
                Optional.ofNullable(preTokenizer));
        SparkRuntime runtime = new SparkRuntime(master);
        EvaluateJob job = EvaluateJob.plan(request, runtime.hadoop(), new PassProgress(System.err));
        EvaluateResult result;
        try (JavaSparkContext spark = runtime.start()) {
            result = job.run(spark);
            EvaluationTable table = new EvaluationTable(result);
            if (parquet != null) {
                table.writeParquet(parquet, spark);
            }
            table.print(System.out);
        }
        if (json) {
            System.out.println(new ObjectMapper().writeValueAsString(result));
        }
        return 0;
    }
}
