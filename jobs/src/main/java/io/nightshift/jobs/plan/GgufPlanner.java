package io.nightshift.jobs.plan;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.architecture.SourceRows;
import io.nightshift.formats.architecture.TensorRecipe;
import io.nightshift.formats.conversion.UnquantizedGguf;
import io.nightshift.formats.conversion.TensorTable;
import io.nightshift.formats.gguf.GgufHeader;
import io.nightshift.formats.gguf.GgufLayout;
import io.nightshift.formats.gguf.GgufMetadata;
import io.nightshift.formats.gguf.GgufTensor;
import io.nightshift.formats.storage.StoredFile;
import io.nightshift.formats.types.AssignedType;
import io.nightshift.formats.types.FileType;
import io.nightshift.formats.types.TypeAssignment;
import io.nightshift.formats.types.TypeOptions;
import io.nightshift.kernels.GgmlType;
import io.nightshift.kernels.quantize.Quantizers;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** Lays out the GGUF files of a model: every type, size and offset, and the bytes of every header. */
public final class GgufPlanner {
    private final String modelName;
    private final UnquantizedGguf model;
    private final List<StoredFile> sourceFiles;
    private final Optional<ModelImportance> importance;
    private final Optional<ModelRounding> rounding;

    /** A planner for files as llama-quantize makes them. */
    public GgufPlanner(
            String modelName,
            UnquantizedGguf model,
            List<StoredFile> sourceFiles,
            Optional<ModelImportance> importance) {
        this(modelName, model, sourceFiles, importance, Optional.empty());
    }

    /**
     * A planner for one model.
     *
     * @param modelName the first part of the names of its files
     * @param model what the converter would have written
     * @param sourceFiles the files of the checkpoint
     * @param importance the importance matrix, if there is one
     * @param rounding how linear layers are scaled and rounded, if not as llama-quantize does it
     * @throws InvalidModelException if the importance matrix has nothing to do with the model
     */
    public GgufPlanner(
            String modelName,
            UnquantizedGguf model,
            List<StoredFile> sourceFiles,
            Optional<ModelImportance> importance,
            Optional<ModelRounding> rounding) {
        if (importance.isPresent() && !importance.get().belongsTo(model.tensors())) {
            throw new InvalidModelException("the importance matrix " + importance.get().fileNames()
                    + " has no entry that is to be used and named like a tensor of this model");
        }
        this.modelName = modelName;
        this.model = model;
        this.sourceFiles = sourceFiles;
        this.importance = importance;
        this.rounding = rounding;
    }

    /**
     * Lays out one file.
     *
     * @throws InvalidModelException if a tensor cannot have the type that it should, or lacks the importance matrix
     *     that this type demands
     */
    public PreparedTarget prepare(FileType fileType, TypeOptions options) {
        TypeOptions all = importance.isPresent() ? options.withImportance() : options;
        List<AssignedType> types = new TypeAssignment(fileType, model.facts(), all).assign(model.tensors());
        refuseWithoutImportance(fileType, types);
        refuseUnsupported(types);
        rounding.ifPresent(how -> how.require(fileType, model.tensors(), types));
        List<GgufTensor> table =
                TensorTable.of(model.tensors(), types.stream().map(AssignedType::type).toList());
        byte[] header = new GgufHeader(metadata(fileType), table).toBytes();
        GgufLayout layout = new GgufLayout(header.length, table);
        String name = modelName + "-" + fileType + ".gguf";
        return new PreparedTarget(new GgufTarget(fileType, name, types, layout), header, digest(header));
    }

    private void refuseUnsupported(List<AssignedType> types) {
        for (int i = 0; i < types.size(); i++) {
            GgmlType type = types.get(i).type();
            if (!Quantizers.types().contains(type)) {
                throw new InvalidModelException(model.tensors().get(i).name() + " would become " + type
                        + ", which is not supported yet; supported are " + Quantizers.types());
            }
        }
    }

    /** Where a tensor changes its type, its importance must fit, and be there if the type is too coarse without. */
    private void refuseWithoutImportance(FileType fileType, List<AssignedType> types) {
        for (int i = 0; i < types.size(); i++) {
            TensorRecipe tensor = model.tensors().get(i);
            AssignedType type = types.get(i);
            boolean quantized = type.type() != tensor.type();
            boolean weighted = quantized && importance.flatMap(matrix -> matrix.of(tensor)).isPresent();
            if (quantized && !weighted && type.needsImportance()) {
                throw new InvalidModelException(fileType + " needs an importance matrix"
                        + importance.map(matrix -> " with an entry for each tensor: " + matrix.fileNames()
                                + " gives none for " + tensor.name() + ", which").orElse(": " + tensor.name())
                        + " would become " + type.type() + ", and that is garbage without one; give --imatrix FILE, or"
                        + " choose another type, such as Q2_K");
            }
        }
    }

    private GgufMetadata metadata(FileType fileType) {
        GgufMetadata metadata = model.metadata(fileType);
        importance.ifPresent(matrix -> matrix.addTo(metadata));
        rounding.ifPresent(how -> how.addTo(metadata));
        return metadata;
    }

    /** Source tensors and files by place and version, the header for the options, importance, rounding, the kernels. */
    private String digest(byte[] header) {
        MessageDigest digest = PlanDigest.sha256();
        PlanDigest.add(digest, Quantizers.BYTES_VERSION);
        digest.update(header);
        importance.ifPresent(matrix -> PlanDigest.add(digest, matrix.digest()));
        rounding.ifPresent(how -> PlanDigest.add(digest, how.digest()));
        Set<String> used = new TreeSet<>();
        for (TensorRecipe tensor : model.tensors()) {
            PlanDigest.add(digest, tensor.toString());
            if (tensor.content() instanceof TensorRecipe.Stored stored) {
                for (SourceRows rows : stored.parts()) {
                    used.add(rows.tensor().file());
                }
            }
        }
        sourceFiles.stream()
                .filter(file -> used.contains(file.name()))
                .forEach(file -> PlanDigest.add(digest, file.toString()));
        return HexFormat.of().formatHex(digest.digest());
    }
}
