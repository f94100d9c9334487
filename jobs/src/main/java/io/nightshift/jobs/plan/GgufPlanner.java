package io.nightshift.jobs.plan;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.architecture.SourceRows;
import io.nightshift.formats.architecture.TensorRecipe;
import io.nightshift.formats.gguf.AssignedType;
import io.nightshift.formats.gguf.FileType;
import io.nightshift.formats.gguf.GgufHeader;
import io.nightshift.formats.gguf.GgufLayout;
import io.nightshift.formats.gguf.GgufTensor;
import io.nightshift.formats.gguf.TypeAssignment;
import io.nightshift.formats.gguf.TypeOptions;
import io.nightshift.formats.gguf.UnquantizedGguf;
import io.nightshift.formats.storage.StoredFile;
import io.nightshift.kernels.GgmlType;
import io.nightshift.kernels.quantize.Quantizers;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** Lays out the GGUF files of a model: every type, size and offset, and the bytes of every header. */
public final class GgufPlanner {
    private final String modelName;
    private final UnquantizedGguf model;
    private final List<StoredFile> sourceFiles;

    /**
     * A planner for one model.
     *
     * @param modelName the first part of the names of its files
     * @param model what the converter would have written
     * @param sourceFiles the files of the checkpoint
     */
    public GgufPlanner(String modelName, UnquantizedGguf model, List<StoredFile> sourceFiles) {
        this.modelName = modelName;
        this.model = model;
        this.sourceFiles = sourceFiles;
    }

    /**
     * Lays out one file.
     *
     * @throws InvalidModelException if a tensor cannot have the type that it should
     */
    public PreparedTarget prepare(FileType fileType, TypeOptions options) {
        List<AssignedType> types = new TypeAssignment(fileType, model.facts(), options).assign(model.tensors());
        refuseUnsupported(types);
        if (!options.importance()) {
            refuseWithoutImportance(fileType, types);
        }
        List<GgufTensor> table =
                GgufLayout.table(model.tensors(), types.stream().map(AssignedType::type).toList());
        byte[] header = new GgufHeader(model.metadata(fileType), table).toBytes();
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

    private void refuseWithoutImportance(FileType fileType, List<AssignedType> types) {
        for (int i = 0; i < types.size(); i++) {
            if (types.get(i).needsImportance()) {
                throw new InvalidModelException(fileType + " needs an importance matrix: " + model.tensors().get(i).name()
                        + " would become " + types.get(i).type() + ", which is garbage without one; importance matrices cannot"
                        + " be read yet, so choose another type, such as Q2_K");
            }
        }
    }

    /** Source tensors and files by place and version, the header for the options, and the version of the kernels. */
    private String digest(byte[] header) {
        MessageDigest digest = sha256();
        add(digest, Quantizers.BYTES_VERSION);
        digest.update(header);
        Set<String> used = new TreeSet<>();
        for (TensorRecipe tensor : model.tensors()) {
            add(digest, tensor.toString());
            if (tensor.content() instanceof TensorRecipe.Stored stored) {
                for (SourceRows rows : stored.parts()) {
                    used.add(rows.tensor().file());
                }
            }
        }
        sourceFiles.stream().filter(file -> used.contains(file.name())).forEach(file -> add(digest, file.toString()));
        return HexFormat.of().formatHex(digest.digest());
    }

    private static void add(MessageDigest digest, String text) {
        digest.update(text.getBytes(StandardCharsets.UTF_8));
        digest.update((byte) 0);
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
