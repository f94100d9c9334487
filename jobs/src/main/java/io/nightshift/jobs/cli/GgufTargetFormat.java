package io.nightshift.jobs.cli;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.types.FileSize;
import io.nightshift.formats.types.FileType;
import io.nightshift.formats.types.TypeChoices;
import io.nightshift.formats.types.TypeOptions;
import io.nightshift.formats.types.TypeOverride;
import io.nightshift.jobs.gguf.GgufTarget;
import io.nightshift.jobs.gguf.ImportanceOptions;
import io.nightshift.jobs.gguf.RecipeTarget;
import io.nightshift.jobs.gguf.SizedGgufTarget;
import io.nightshift.jobs.quantize.QuantizeResult;
import io.nightshift.jobs.quantize.Target;
import io.nightshift.jobs.rounding.RoundingOptions;
import io.nightshift.jobs.storage.HadoopSettings;
import io.nightshift.kernels.GgmlType;
import io.nightshift.kernels.quantize.Quantizers;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import picocli.CommandLine.Option;

/** GGUF files, and the options of them that llama-quantize has. */
public final class GgufTargetFormat implements TargetFormat {
    private static final String RECIPE_OPTION = "--recipe";
    private static final String SAVE_OPTION = "--save-recipe";

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
            names = TypeChoices.ALLOW_OPTION,
            split = ",",
            paramLabel = "TYPE",
            description = "GGUF of a given size: the types that tensors may take, separated by commas (default: IQ2_XXS to"
                    + " Q8_0).")
    private List<String> allowed = new ArrayList<>();

    @Option(
            names = TypeChoices.PIN_OPTION,
            paramLabel = "REGEX=TYPE",
            description = "GGUF of a given size: type of the tensors whose name the expression finds. May be given again; the"
                    + " first that matches counts.")
    private List<String> pinned = new ArrayList<>();

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

    @Option(
            names = RECIPE_OPTION,
            paramLabel = "FILE",
            description = "GGUF: the types of tensors as --save-recipe wrote them, for --to gguf without a type; may be s3a://.")
    private String recipe;

    @Option(
            names = SAVE_OPTION,
            paramLabel = "FILE",
            description = "GGUF of a given size: write the types that were chosen, for --recipe and for llama-quantize; may be"
                    + " s3a://.")
    private String saved;

    /** What was asked for: files of a type, of a size, of a recipe. */
    private boolean typed;
    private boolean ofRecipe;
    private final Set<FileSize> sizes = new HashSet<>();

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
        if (variant.isEmpty() && recipe != null) {
            return ofRecipe(shared);
        }
        String name = variant.orElseThrow(() -> new InvalidModelException("--to gguf: say which type, such as gguf:Q4_K_M,"
                + " or which size, such as gguf:4.65bpw, or give " + RECIPE_OPTION + " FILE"));
        Optional<FileSize> size = FileSize.parse(name);
        return size.isPresent() ? sized(size.get(), shared) : typed(FileType.parse(name), shared);
    }

    private Target sized(FileSize size, SharedOptions shared) {
        sizes.add(size);
        Set<GgmlType> types = new TreeSet<>();
        for (String type : allowed) {
            GgmlType found = TypeOverride.parseType(TypeChoices.ALLOW_OPTION, type);
            if (!Quantizers.types().contains(found)) {
                throw new InvalidModelException(TypeChoices.ALLOW_OPTION + " " + type + ": is not supported yet; supported are "
                        + Quantizers.types());
            }
            types.add(found);
        }
        TypeChoices choices = new TypeChoices(types,
                pinned.stream().map(pin -> TypeOverride.parse(TypeChoices.PIN_OPTION, pin)).toList());
        return new SizedGgufTarget(size, choices, rounding(shared), strict);
    }

    private Target ofRecipe(SharedOptions shared) {
        ofRecipe = true;
        RoundingOptions rounding = rounding(shared);
        return new RecipeTarget(recipe, importance(rounding, shared), rounding, strict);
    }

    private static RoundingOptions rounding(SharedOptions shared) {
        return shared.rounding(RoundingOptions.NONE.withDamping(RoundingOptions.DEFAULT_GGUF_DAMPING));
    }

    private Target typed(FileType fileType, SharedOptions shared) {
        typed = true;
        RoundingOptions rounding = rounding(shared);
        TypeOptions types = new TypeOptions(
                pure,
                leaveOutputTensor,
                type("--output-tensor-type", outputTensorType),
                type("--token-embedding-type", tokenEmbeddingType),
                tensorTypes.stream().map(text -> TypeOverride.parse(TypeOverride.TENSOR_TYPE_OPTION, text)).toList(),
                false);
        return new GgufTarget(fileType, types, importance(rounding, shared), rounding, strict);
    }

    private ImportanceOptions importance(RoundingOptions rounding, SharedOptions shared) {
        Optional<String> importance = givenImportance();
        if (importance.isPresent() && rounding.needsStatistics() && shared.statistics().isPresent()) {
            throw new InvalidModelException(importance.get() + " has no effect with "
                    + (rounding.scaled() ? "--scales awq" : "--rounding gptq")
                    + ": the importance of linear layers comes from their Gram matrices then");
        }
        if (!files.isEmpty() && shared.statistics().isPresent()) {
            throw new InvalidModelException(shared.statistics().get() + " and --imatrix exclude each other");
        }
        return new ImportanceOptions(Locations.split(files), List.copyOf(include), List.copyOf(exclude));
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
    public void refuseWithoutEffect() {
        if (!typed) {
            givenType().ifPresent(option -> refuse(option, "has an effect only on files of a type, such as gguf:Q4_K_M: give "
                    + TypeChoices.PIN_OPTION + " REGEX=TYPE for files of a given size"));
        }
        if (!typed && !ofRecipe) {
            givenImportance().ifPresent(option -> refuse(option, "has no effect on files of a given size, whose types are"
                    + " chosen by statistics: give --stats or --calibration"));
        }
        if (sizes.isEmpty()) {
            givenChoice().ifPresent(option -> refuse(option, "has an effect only on files of a given size, such as"
                    + " gguf:4.65bpw; leave it out"));
        }
        if (recipe != null && !ofRecipe) {
            refuse(RECIPE_OPTION, "says the types of --to gguf: give that without a type or size");
        }
        if (saved != null && sizes.size() > 1) {
            refuse(SAVE_OPTION, "is for one file of a given size, and there are " + sizes.size()
                    + ": make them one after another");
        }
    }

    private static void refuse(String option, String why) {
        throw new InvalidModelException(option + " " + why);
    }

    private Optional<String> givenType() {
        return Optional.ofNullable(pure ? "--pure"
                : leaveOutputTensor ? "--leave-output-tensor"
                : outputTensorType != null ? "--output-tensor-type"
                : tokenEmbeddingType != null ? "--token-embedding-type"
                : !tensorTypes.isEmpty() ? TypeOverride.TENSOR_TYPE_OPTION
                : null);
    }

    private Optional<String> givenChoice() {
        return Optional.ofNullable(!allowed.isEmpty() ? TypeChoices.ALLOW_OPTION
                : !pinned.isEmpty() ? TypeChoices.PIN_OPTION
                : saved != null ? SAVE_OPTION
                : null);
    }

    /** The types of the only file of a given size, to be written down. */
    private SavedRecipe savedRecipe() {
        return new SavedRecipe(saved, sizes.iterator().next());
    }

    @Override
    public void prepare(HadoopSettings settings) throws IOException {
        if (saved != null) {
            savedRecipe().prepare(settings);
        }
    }

    @Override
    public void finished(QuantizeResult result, HadoopSettings settings) throws IOException {
        if (saved != null) {
            savedRecipe().write(result, settings);
        }
    }

    @Override
    public Optional<String> given() {
        return givenType()
                .or(() -> strict ? Optional.of(GgufTarget.STRICT_OPTION) : Optional.empty())
                .or(this::givenImportance)
                .or(this::givenChoice)
                .or(() -> recipe != null ? Optional.of(RECIPE_OPTION) : Optional.empty());
    }
}
