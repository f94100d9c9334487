package io.nightshift.jobs.cli;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.jobs.output.OutputFile;
import io.nightshift.jobs.quantize.QuantizeRequest;
import io.nightshift.jobs.quantize.QuantizeResult;
import io.nightshift.jobs.quantize.StatisticsSource;
import io.nightshift.jobs.quantize.Target;
import io.nightshift.jobs.rounding.RoundingOptions;
import io.nightshift.jobs.storage.HadoopSettings;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.ServiceLoader;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** What is to be made of a checkpoint and how: the options that {@code quantize} and a night's manifest have in common. */
final class TargetSelection {
    @Option(
            names = "--to",
            required = true,
            split = ",",
            paramLabel = "TARGET",
            converter = TargetName.Converter.class,
            description = "What to make, separated by commas: gguf:TYPE, such as gguf:Q4_K_M; gguf:SIZE, such as"
                    + " gguf:4.65bpw or gguf:7.5GB, a file of at most that size, with the types that lose least, or"
                    + " gguf:fit=8GB@4096, one that llama.cpp runs in so much memory with a context of 4096 tokens;"
                    + " mmproj:TYPE, such as mmproj:F16, the vision tower as a file of its own; awq or awq:w4gSIZE, a folder"
                    + " of four-bit integers in groups of SIZE; exl2:BITS, such as exl2:4.65, a folder of so many bits a"
                    + " weight.")
    private List<TargetName> names;

    @Mixin
    private StatisticsOptions statistics;

    @Mixin
    private RoundingSelection rounding;

    @Mixin
    private PreTokenizerOption preTokenizer;

    @Option(
            names = "--no-mtp",
            description = "Leave out the block that predicts further tokens (Qwen3.5, Qwen3-Next, GLM, Nemotron 3), as the"
                    + " converter's option does: for GGUF of fine-tunes that were saved without it.")
    private boolean noMtp;

    @Option(
            names = "--part-size",
            paramLabel = "SIZE",
            defaultValue = "64M",
            converter = ByteSize.Converter.class,
            description = "Most bytes of a part, about; 5M at least (default: ${DEFAULT-VALUE}).")
    private ByteSize partSize;

    @Option(
            names = "--max-shard-size",
            paramLabel = "SIZE",
            converter = ByteSize.Converter.class,
            description = "Most bytes of a safetensors file, about (default: 5 GB for AWQ, 8 GB for EXL2).")
    private ByteSize maxShardSize;

    private final List<TargetFormat> formats = new ArrayList<>();

    /** A selection among the formats that are registered. */
    TargetSelection() {
        ServiceLoader.load(TargetFormat.class).forEach(formats::add);
    }

    /** Adds the options of every format to the command line that has this selection's. */
    void addFormats(CommandLine line) {
        formats.forEach(format -> line.addMixin(format.name(), format));
    }

    /**
     * Reads options that were not typed as a command line.
     *
     * @throws InvalidModelException if one is unknown or no value of its kind
     */
    static TargetSelection parse(List<String> arguments) {
        TargetSelection selection = new TargetSelection();
        CommandLine line = new CommandLine(selection);
        selection.addFormats(line);
        try {
            line.parseArgs(arguments.toArray(new String[0]));
            return selection;
        } catch (ParameterException e) {
            throw e.getCause() instanceof InvalidModelException invalid ? invalid
                    : new InvalidModelException(e.getMessage(), e);
        }
    }

    /** See {@link TargetFormat#prepare}. */
    void prepare(HadoopSettings settings) throws IOException {
        for (TargetFormat format : formats) {
            format.prepare(settings);
        }
    }

    /** See {@link TargetFormat#finished}. */
    void finished(QuantizeResult result, HadoopSettings settings) throws IOException {
        for (TargetFormat format : formats) {
            format.finished(result, settings);
        }
    }

    RoundingSelection rounding() {
        return rounding;
    }

    /**
     * What is asked for.
     *
     * @param model the checkpoint
     * @param output where to
     * @param overwrite whether outputs that are complete are made again
     * @throws InvalidModelException if options are out of range, exclude each other, or have no effect on the targets
     */
    QuantizeRequest request(String model, String output, boolean overwrite) {
        if (partSize.bytes() < OutputFile.MIN_PART_LENGTH) {
            throw new InvalidModelException("--part-size: object stores take no parts below 5M");
        }
        StatisticsSource source = statistics.source();
        List<TargetFormat> asked = names.stream().map(this::format).distinct().toList();
        for (TargetFormat format : formats) {
            if (!asked.contains(format) && format.given().isPresent()) {
                throw new InvalidModelException(format.given().get() + " has no effect without --to " + format.usage());
            }
        }
        Shared shared = new Shared();
        List<Target> targets = new ArrayList<>();
        for (TargetName name : names) {
            Target target = format(name).target(name.variant(), shared);
            if (!targets.contains(target)) {
                targets.add(target);
            }
        }
        asked.forEach(TargetFormat::refuseWithoutEffect);
        rounding.refuseWithoutEffect(shared.always);
        if (maxShardSize != null && !shared.sharded) {
            throw new InvalidModelException("--max-shard-size has no effect on these targets, which are one file each");
        }
        boolean tokenizes = asked.stream().anyMatch(TargetFormat::tokenizes);
        if (preTokenizer.name().isPresent() && !tokenizes && !statistics.calibrates()) {
            throw new InvalidModelException("--pre-tokenizer has no effect on these targets without --calibration");
        }
        return new QuantizeRequest(model, targets, output, source, preTokenizer.name(), noMtp,
                new QuantizeRequest.Settings(rounding.work(), partSize.bytes(), overwrite));
    }

    private TargetFormat format(TargetName name) {
        return formats.stream().filter(format -> format.name().equals(name.format())).findFirst()
                .orElseThrow(() -> new InvalidModelException("--to " + name.text() + ": unknown format '" + name.format()
                        + "'; give " + formats.stream().map(TargetFormat::usage).collect(Collectors.joining(" or "))));
    }

    private final class Shared implements SharedOptions {
        private boolean always;
        private boolean sharded;

        @Override
        public RoundingOptions rounding(RoundingOptions otherwise) {
            always |= otherwise.needsStatistics();
            return rounding.options(otherwise);
        }

        @Override
        public OptionalLong maxShardSize() {
            sharded = true;
            return maxShardSize == null ? OptionalLong.empty() : OptionalLong.of(Math.max(1, maxShardSize.bytes()));
        }

        @Override
        public Optional<String> statistics() {
            return statistics.option();
        }
    }
}
