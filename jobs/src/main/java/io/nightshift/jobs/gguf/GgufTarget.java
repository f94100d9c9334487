package io.nightshift.jobs.gguf;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.Warnings;
import io.nightshift.formats.architecture.ColumnForm;
import io.nightshift.formats.architecture.LinearLayer;
import io.nightshift.formats.architecture.SplitDecompression;
import io.nightshift.formats.architecture.TensorRecipe;
import io.nightshift.formats.conversion.GgufConverter;
import io.nightshift.formats.conversion.TensorTable;
import io.nightshift.formats.conversion.UnquantizedGguf;
import io.nightshift.formats.gguf.GgufHeader;
import io.nightshift.formats.gguf.GgufLayout;
import io.nightshift.formats.gguf.GgufMetadata;
import io.nightshift.formats.gguf.GgufTensor;
import io.nightshift.formats.layout.Item;
import io.nightshift.formats.layout.LaidOutFile;
import io.nightshift.formats.layout.OutputLayout;
import io.nightshift.formats.statistics.CalibrationManifest;
import io.nightshift.formats.types.AssignedType;
import io.nightshift.formats.types.FileType;
import io.nightshift.formats.types.TypeAssignment;
import io.nightshift.formats.types.TypeOptions;
import io.nightshift.jobs.quantize.Chosen;
import io.nightshift.jobs.quantize.InputStatistics;
import io.nightshift.jobs.quantize.LaidOut;
import io.nightshift.jobs.quantize.Model;
import io.nightshift.jobs.quantize.Target;
import io.nightshift.jobs.quantize.TargetPlan.Needs;
import io.nightshift.jobs.quantize.TargetPlan;
import io.nightshift.jobs.quantize.Unit;
import io.nightshift.jobs.rounding.NormStorage;
import io.nightshift.jobs.rounding.RoundingOptions;
import io.nightshift.kernels.GgmlType;
import io.nightshift.kernels.encoding.GgmlEncoding;
import io.nightshift.kernels.quantize.Quantizers;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A GGUF file of some type, as llama-quantize makes it; or with linear layers scaled and rounded by statistics, which no
 * loader need know of. Those are the linear layers of the decoder and, where it has a matrix of its own, the output projection;
 * the embedding then is rounded, unscaled, by what reads it first. A matrix that embedding and output projection share is left
 * to llama-quantize's ways: its rows are looked up and are multiplied with the last hidden states as well.
 *
 * @param fileType the mixture of types
 * @param types options that change the types of tensors
 * @param importance the importance matrix to be used, where there are no statistics
 * @param rounding how linear layers are scaled and rounded; {@link RoundingOptions#NONE} for llama-quantize's way
 * @param strict whether a file that differs from what the checkpoint says is refused, rather than warned of
 */
public record GgufTarget(FileType fileType, TypeOptions types, ImportanceOptions importance, RoundingOptions rounding,
        boolean strict) implements Target {
    /** The option for {@code strict}. */
    public static final String STRICT_OPTION = "--strict";

    private static final String KEY = "quantize.nightshift.";

    /** Raised when the same options and statistics give other bytes. */
    private static final String BYTES_VERSION = "gguf-rounding-4";

    /** A file as llama-quantize makes it without any option. */
    public static GgufTarget of(FileType fileType) {
        return new GgufTarget(fileType, TypeOptions.NONE, ImportanceOptions.NONE, RoundingOptions.NONE, false);
    }

    /** The same with other options of types. */
    public GgufTarget with(TypeOptions others) {
        return new GgufTarget(fileType, others, importance, rounding, strict);
    }

    /** The same with an importance matrix. */
    public GgufTarget with(ImportanceOptions matrix) {
        return new GgufTarget(fileType, types, matrix, rounding, strict);
    }

    /** The same with scales or rounding. */
    public GgufTarget with(RoundingOptions how) {
        return new GgufTarget(fileType, types, importance, how, strict);
    }

    @Override
    public String name() {
        return "gguf:" + fileType;
    }

    /** What a model is converted for. */
    private record Converted(boolean strict) {}

    /** What follows from headers: types and importance. */
    record Assigned(UnquantizedGguf model, Optional<ModelImportance> importance, List<AssignedType> types) {}

    /** Gives every tensor its type. */
    Assigned assign(Model model, Optional<InputStatistics> statistics) throws IOException {
        Warnings warnings = strict ? Warnings.refusing(STRICT_OPTION, model.warnings()) : model.warnings();
        UnquantizedGguf converted = model.once(new Converted(strict), opened ->
                GgufConverter.convert(opened.checkpoint(), opened.conversion(), opened.preTokenizer(), warnings));
        Optional<ModelImportance> matrix = ImportanceLoader.load(importance, statistics, model);
        if (matrix.isPresent() && !matrix.get().belongsTo(converted.tensors())) {
            throw new InvalidModelException("the importance matrix " + matrix.get().fileNames()
                    + " has no entry that is to be used and named like a tensor of this model");
        }
        TypeOptions all = matrix.isPresent() ? types.withImportance() : types;
        List<AssignedType> assigned =
                new TypeAssignment(fileType, converted.facts(), all).assign(converted.tensors());
        return new Assigned(converted, matrix, assigned);
    }

    @Override
    public TargetPlan check(Model model, Optional<InputStatistics> statistics) throws IOException {
        if (rounding.propagates()) {
            throw new InvalidModelException(RoundingOptions.PROPAGATE_OPTION + " quantized: --to " + name()
                    + " is always rounded for what the model's own layers produce; make it by a command of its own, without"
                    + " the option");
        }
        Assigned assigned = assign(model, statistics);
        refuseWithoutImportance(assigned);
        refuseUnsupported(assigned);
        boolean rounds = rounding.needsStatistics();
        List<Unit> units = rounds ? units(model, assigned) : List.of();
        if (rounds) {
            requireEffect(units);
        }
        List<String> warnings = assigned.importance()
                .map(matrix -> ImportanceWarnings.of(matrix, assigned.model().tensors(), assigned.types()))
                .orElse(List.of());
        Needs needs = rounds ? Needs.GRAM : statistics.isPresent() ? Needs.IMPORTANCE : Needs.NOTHING;
        return new TargetPlan(needs, units, Optional.empty(), NormStorage.SINGLE, warnings);
    }

    private static void refuseUnsupported(Assigned assigned) {
        for (int i = 0; i < assigned.types().size(); i++) {
            GgmlType type = assigned.types().get(i).type();
            if (!Quantizers.types().contains(type)) {
                throw new InvalidModelException(assigned.model().tensors().get(i).name() + " would become " + type
                        + ", which is not supported yet; supported are " + Quantizers.types());
            }
        }
    }

    /** Where a tensor changes its type, its importance must fit, and be there if the type is too coarse without. */
    private void refuseWithoutImportance(Assigned assigned) {
        for (int i = 0; i < assigned.types().size(); i++) {
            TensorRecipe tensor = assigned.model().tensors().get(i);
            AssignedType type = assigned.types().get(i);
            Optional<ModelImportance> importanceMatrix = assigned.importance();
            boolean quantized = type.type() != tensor.type();
            boolean weighted = quantized && importanceMatrix.flatMap(matrix -> matrix.of(tensor)).isPresent();
            if (quantized && !weighted && type.needsImportance()) {
                throw new InvalidModelException(fileType + " needs an importance matrix"
                        + importanceMatrix.map(matrix -> " with an entry for each tensor: " + matrix.fileNames()
                                + " gives none for " + tensor.name() + ", which").orElse(": " + tensor.name())
                        + " would become " + type.type() + ", and that is garbage without one; give --imatrix FILE, or"
                        + " choose another type, such as Q2_K");
            }
        }
    }

    /** The linear layers that are quantized, and the embedding where its rounding can be fed back. */
    private List<Unit> units(Model model, Assigned assigned) throws IOException {
        Map<String, GgmlType> byTensor = new HashMap<>();
        Map<String, ColumnForm.Reordered> reordered = new HashMap<>();
        for (int i = 0; i < assigned.types().size(); i++) {
            TensorRecipe tensor = assigned.model().tensors().get(i);
            byTensor.put(tensor.name(), assigned.types().get(i).type());
            tensor.reorderedColumns().ifPresent(columns -> reordered.put(tensor.name(), columns));
        }
        List<Unit> units = new ArrayList<>();
        if (rounding.feedback() && model.embeddingReaders().isPresent()) {
            LinearLayer embedding = model.embeddingReaders().get().embedding();
            GgmlType type = byTensor.get(embedding.tensor());
            if (type.isQuantized() && new GgmlEncoding(type).takesFeedback()) {
                units.add(Unit.fixed(embedding, new GgmlEncoding(type)));
            }
        }
        for (LinearLayer linear : model.linears()) {
            if (SplitDecompression.isWhole(linear.tensor())) {
                continue; // The file has it in two parts, which are rounded as llama-quantize does.
            }
            GgmlType type = byTensor.get(linear.tensor());
            if (type.isQuantized() && !linear.steers()) {
                ColumnForm.Reordered columns = reordered.get(linear.tensor());
                units.add(Unit.fixed(columns == null ? linear : linear.with(columns), new GgmlEncoding(type)));
            }
        }
        return units;
    }

    /** Refuses scales and rounding that could not be made, or would change nothing. */
    private void requireEffect(List<Unit> units) {
        if (units.isEmpty()) {
            throw new InvalidModelException((rounding.scaled() ? "--scales awq" : "--rounding gptq") + " has no effect on "
                    + name() + ": none of its linear layers is quantized; make it by a command of its own");
        }
        for (Unit unit : units) {
            if (rounding.feedback() && !unit.choices().get(0).encodings().get(0).takesFeedback()) {
                throw new InvalidModelException("--rounding gptq: " + unit.linears().get(0).tensor() + " of " + name()
                        + " becomes " + unit.choices().get(0).name() + ", whose weights cannot be rounded one by one;"
                        + " leave the option out, or choose another type, such as Q2_K or IQ4_XS");
            }
        }
    }

    @Override
    public LaidOut layOut(Model model, Optional<InputStatistics> statistics, Chosen chosen) throws IOException {
        return layOut(model, statistics, fileType.name(), List.of());
    }

    /**
     * A file whose types are settled.
     *
     * @param label what its name says of them
     * @param chosenBy what types were chosen by, where they were
     */
    LaidOut layOut(Model model, Optional<InputStatistics> statistics, String label, List<String> chosenBy)
            throws IOException {
        Assigned assigned = assign(model, statistics);
        List<TensorRecipe> tensors = assigned.model().tensors();
        List<GgufTensor> table =
                TensorTable.of(tensors, assigned.types().stream().map(AssignedType::type).toList());
        byte[] header = header(assigned, statistics);
        List<Item> items = new ArrayList<>();
        Map<String, String> notes = new HashMap<>();
        for (int i = 0; i < table.size(); i++) {
            long bytes = table.get(i).bytes();
            items.add(item(tensors.get(i), assigned.types().get(i).type(), GgufLayout.padded(bytes) - bytes));
            if (assigned.types().get(i).isFallback()) {
                notes.put(tensors.get(i).name(), "rows are not whole blocks of " + assigned.types().get(i).wanted());
            }
        }
        LaidOutFile file = new LaidOutFile(model.name() + "-" + label + ".gguf", header, items);
        Optional<ModelImportance> matrix = assigned.importance();
        List<String> madeOf = new ArrayList<>(madeOf(matrix, statistics));
        madeOf.addAll(chosenBy);
        return new LaidOut(OutputLayout.ofFile(file, madeOf),
                tensor -> matrix.flatMap(found -> found.of(tensor)), notes);
    }

    /** All that stands before the data; its length does not hang on the types. */
    byte[] header(Assigned assigned, Optional<InputStatistics> statistics) {
        List<GgmlType> types = assigned.types().stream().map(AssignedType::type).toList();
        return new GgufHeader(metadata(assigned, statistics), TensorTable.of(assigned.model().tensors(), types)).toBytes();
    }

    private static Item item(TensorRecipe tensor, GgmlType type, long padding) {
        if (tensor.content() instanceof TensorRecipe.Computed computed) {
            ByteBuffer bytes = ByteBuffer.allocate(computed.values().size() * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
            computed.values().forEach(bytes::putFloat);
            return new Item.Computed(tensor.name(), type.name(), tensor.weights(), bytes.array(), padding);
        }
        return new Item.Rows(tensor, type, padding);
    }

    /** What llama-quantize adds, and behind it keys that it does not have: what was done. */
    private GgufMetadata metadata(Assigned assigned, Optional<InputStatistics> statistics) {
        GgufMetadata metadata = assigned.model().metadata(fileType);
        assigned.importance().ifPresent(matrix -> matrix.addTo(metadata));
        if (!rounding.needsStatistics()) {
            return metadata;
        }
        CalibrationManifest manifest = statistics.orElseThrow().manifest();
        metadata.text(KEY + "scales", rounding.scaled() ? "awq" : "none");
        if (rounding.scaled()) {
            metadata.uint32(KEY + "awq_grid", rounding.ratios());
        }
        metadata.text(KEY + "rounding", rounding.feedback() ? "gptq" : "nearest");
        if (rounding.feedback()) {
            metadata.float32(KEY + "damping", (float) rounding.damping());
        }
        metadata.uint32(KEY + "calibration_sequences", manifest.sequences());
        metadata.uint32(KEY + "calibration_sequence_length", manifest.sequenceLength());
        return metadata.text(KEY + "calibration_tokens_digest", manifest.tokensDigest());
    }

    private List<String> madeOf(Optional<ModelImportance> matrix, Optional<InputStatistics> statistics) {
        List<String> madeOf = new ArrayList<>();
        matrix.ifPresent(found -> madeOf.add(found.digest()));
        if (rounding.needsStatistics()) {
            madeOf.add(BYTES_VERSION);
            madeOf.add(rounding.toString());
            madeOf.add(statistics.orElseThrow().text());
        }
        return madeOf;
    }
}
