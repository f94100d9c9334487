package io.nightshift.jobs.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.gguf.FileType;
import io.nightshift.jobs.output.OutputFile;
import io.nightshift.jobs.quantize.QuantizeJob;
import io.nightshift.jobs.quantize.QuantizeRequest;
import io.nightshift.jobs.quantize.QuantizeResult;
import java.io.IOException;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.apache.spark.api.java.JavaSparkContext;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
        name = "quantize",
        description = "Makes quantized files of a checkpoint.",
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class QuantizeCommand implements Callable<Integer> {
    @Option(
            names = "--model",
            required = true,
            paramLabel = "FOLDER",
            description = "The checkpoint: a folder or an s3a:// prefix with config.json, safetensors and tokenizer.")
    private String model;

    @Option(
            names = "--to",
            required = true,
            split = ",",
            paramLabel = "TARGET",
            converter = Target.Converter.class,
            description = "What to make, separated by commas: gguf:TYPE, such as gguf:Q4_K_M,gguf:Q8_0.")
    private List<Target> targets;

    @Option(names = "--output", required = true, paramLabel = "FOLDER", description = "Where to: a folder or s3a:// prefix.")
    private String output;

    @Mixin
    private TypeSelection types;

    @Mixin
    private ImportanceSelection importance;

    @Option(
            names = "--pre-tokenizer",
            paramLabel = "NAME",
            description = "llama.cpp's name of the BPE pre-tokenizer, where it is not recognised.")
    private String preTokenizer;

    @Option(
            names = "--part-size",
            paramLabel = "SIZE",
            defaultValue = "64M",
            converter = ByteSize.Converter.class,
            description = "Most bytes of a part, about; 5M at least (default: ${DEFAULT-VALUE}).")
    private ByteSize partSize;

    @Option(names = "--overwrite", description = "Make outputs again that are complete already.")
    private boolean overwrite;

    @Option(names = "--dry-run", description = "Print types and sizes; make nothing.")
    private boolean dryRun;

    @Option(names = "--master", paramLabel = "URL", description = "Spark master (default: spark-submit's, else local[*]).")
    private String master;

    @Option(names = "--json", description = "Print the result as one line of JSON, last.")
    private boolean json;

    @Override
    public Integer call() throws IOException {
        if (partSize.bytes() < OutputFile.MIN_PART_LENGTH) {
            throw new InvalidModelException("--part-size: object stores take no parts below 5M");
        }
        List<FileType> fileTypes = List.copyOf(
                new LinkedHashSet<>(targets.stream().map(Target::fileType).toList()));
        QuantizeRequest request = new QuantizeRequest(
                model,
                fileTypes,
                output,
                types.options(),
                importance.options(),
                Optional.ofNullable(preTokenizer),
                partSize.bytes(),
                overwrite);
        SparkRuntime runtime = new SparkRuntime(master);
        TerminalProgress progress = new TerminalProgress(System.err, System.console() != null);
        QuantizeJob job = QuantizeJob.plan(request, runtime.hadoop(), progress);
        if (dryRun) {
            PlanTable.print(job.model().tensors(), job.targets(), System.out);
            return 0;
        }
        QuantizeResult result;
        try (JavaSparkContext spark = runtime.start()) {
            result = job.run(spark);
        }
        print(result);
        if (json) {
            System.out.println(new ObjectMapper().writeValueAsString(result));
        }
        return 0;
    }

    private static void print(QuantizeResult result) {
        for (QuantizeResult.Output made : result.outputs()) {
            System.out.printf(
                    Locale.ROOT,
                    "%s  %s  %.2f bits per weight%s%n",
                    made.location(),
                    ByteSize.format(made.bytes()),
                    made.bitsPerWeight(),
                    made.skipped() ? "  (was complete)" : "");
        }
        if (result.pieces() > 0) {
            System.out.printf(
                    Locale.ROOT,
                    "%d parts, read %s and wrote %s in %.1f s; task time: reading %.1f s, computing %.1f s, writing %.1f s%n",
                    result.pieces(),
                    ByteSize.format(result.bytesRead()),
                    ByteSize.format(result.bytesWritten()),
                    result.seconds(),
                    result.time().reading() * 1e-9,
                    result.time().computing() * 1e-9,
                    result.time().writing() * 1e-9);
        }
    }
}
