package io.nightshift.jobs.cli;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.types.FileType;
import io.nightshift.formats.types.TypeOptions;
import io.nightshift.formats.types.TypeOverride;
import io.nightshift.jobs.gguf.GgufTarget;
import io.nightshift.jobs.gguf.ImportanceOptions;
import io.nightshift.jobs.quantize.Target;
import io.nightshift.jobs.rounding.RoundingOptions;
import io.nightshift.kernels.GgmlType;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Option;

/** GGUF files, and the options of them that llama-quantize has. */
public final class GgufTargetFormat implements TargetFormat {
    @Option(names = "--pure", description = "GGUF: no mixture: every tensor becomes the same type.")
    private boolean pure;

    @Option(names = "--leave-output-tensor", description = "GGUF: leave output.weight as it is.")
    private boolean leaveOutputTensor;

    @Option(names = "--output-tensor-type", paramLabel = "TYPE", description = "GGUF: type of output.weight.")
    private String outputTensorType;

    @Option(names = "--token-embedding-type", paramLabel = "TYPE", description = "GGUF: type of token_embd.weight.")
    private String tokenEmbeddingType;

    @Option(
            names = "--tensor-type",
            paramLabel = "REGEX=TYPE",
            description = "GGUF: type of the tensors whose name the expression finds, such as attn_v=q8_0. May be given"
                    + " again; the first that matches counts.")
    private List<String> tensorTypes = new ArrayList<>();

    @Option(
            names = "--imatrix",
            paramLabel = "FILE",
            description = "GGUF: the importance matrix of the model, as llama-imatrix writes it, GGUF or the older binary"
                    + " format; may be s3a://. Several, separated by commas or given again, are added up.")
    private List<String> files = new ArrayList<>();

    @Option(
            names = "--include-weights",
            paramLabel = "NAME",
            description = "GGUF: use the importance matrix only for tensors whose name contains this. May be given again.")
    private List<String> include = new ArrayList<>();

    @Option(
            names = "--exclude-weights",
            paramLabel = "NAME",
            description = "GGUF: do not use the importance matrix for tensors whose name contains this. May be given again.")
    private List<String> exclude = new ArrayList<>();

    @Option(
            names = GgufTarget.STRICT_OPTION,
            description = "GGUF: refuse where a file would differ from what the checkpoint says, instead of a warning.")
    private boolean strict;

    @Override
    public String name() {
        return "gguf";
    }

    @Override
    public String usage() {
        return "gguf:TYPE";
    }

    @Override
    public boolean tokenizes() {
        return true;
    }

    @Override
    public Target target(Optional<String> variant, SharedOptions shared) {
        FileType fileType = FileType.parse(variant.orElseThrow(
                () -> new InvalidModelException("--to gguf: say which type, such as gguf:Q4_K_M")));
        RoundingOptions rounding = shared.rounding(RoundingOptions.NONE.withDamping(RoundingOptions.DEFAULT_GGUF_DAMPING));
        Optional<String> importance = givenImportance();
        if (importance.isPresent() && rounding.needsStatistics() && shared.statistics().isPresent()) {
            throw new InvalidModelException(importance.get() + " has no effect with "
                    + (rounding.scaled() ? "--scales awq" : "--rounding gptq")
                    + ": the importance of linear layers comes from their Gram matrices then");
        }
        if (!files.isEmpty() && shared.statistics().isPresent()) {
            throw new InvalidModelException(shared.statistics().get() + " and --imatrix exclude each other");
        }
        TypeOptions types = new TypeOptions(
                pure,
                leaveOutputTensor,
                type("--output-tensor-type", outputTensorType),
                type("--token-embedding-type", tokenEmbeddingType),
                tensorTypes.stream().map(TypeOverride::parse).toList(),
                false);
        return new GgufTarget(fileType, types,
                new ImportanceOptions(Locations.split(files), List.copyOf(include), List.copyOf(exclude)), rounding, strict);
    }

    private static Optional<GgmlType> type(String option, String name) {
        return Optional.ofNullable(name).map(given -> TypeOverride.parseType(option, given));
    }

    private Optional<String> givenImportance() {
        return Optional.ofNullable(!files.isEmpty() ? "--imatrix"
                : !include.isEmpty() ? "--include-weights"
                : !exclude.isEmpty() ? "--exclude-weights"
                : null);
    }

    @Override
    public Optional<String> given() {
        return Optional.ofNullable(pure ? "--pure"
                : leaveOutputTensor ? "--leave-output-tensor"
                : outputTensorType != null ? "--output-tensor-type"
                : tokenEmbeddingType != null ? "--token-embedding-type"
                : !tensorTypes.isEmpty() ? "--tensor-type"
                : strict ? GgufTarget.STRICT_OPTION
                : null).or(this::givenImportance);
    }
}
