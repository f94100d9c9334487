package io.nightshift.formats.types;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.architecture.TensorRecipe;
import io.nightshift.kernels.GgmlType;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Gives the tensors of a vision tower their types, as llama.cpp's converter does for its {@code --outtype} (conversion/base.py,
 * ModelBase.prepare_tensors and MmprojModel.tensor_force_quant).
 *
 * @param fileType one of {@link #FILE_TYPES}
 */
public record TowerTypes(FileType fileType) {
    /** The types of files that can be made. */
    public static final List<FileType> FILE_TYPES = List.of(FileType.F32, FileType.F16, FileType.BF16, FileType.Q8_0);

    /** Kernels that look at patches: halves in a file of halves, full in all others. */
    private static final List<String> OF_PATCHES = List.of(".patch_embd.weight", ".patch_merger.weight");

    /** Checks the type of the file. */
    public TowerTypes {
        if (!FILE_TYPES.contains(fileType)) {
            throw new InvalidModelException("a vision tower becomes no " + fileType + "; types are " + FILE_TYPES);
        }
    }

    /**
     * The type of a tensor.
     *
     * @param fixed types of tensors, by name, that the family fixes
     */
    public AssignedType of(TensorRecipe tensor, Map<String, GgmlType> fixed) {
        GgmlType wanted = full(tensor) ? GgmlType.F32
                : Optional.ofNullable(fixed.get(tensor.name())).orElseGet(() -> byName(tensor.name()));
        // The converter falls back by itself where rows are not whole blocks.
        GgmlType type = tensor.columns() % wanted.blockSize() == 0 ? wanted : GgmlType.F16;
        return new AssignedType(type, wanted, false);
    }

    private static boolean full(TensorRecipe tensor) {
        return tensor.shape().size() <= 1 || tensor.name().endsWith("_norm.weight");
    }

    private GgmlType byName(String name) {
        if (OF_PATCHES.stream().anyMatch(name::contains)) {
            return fileType == FileType.F16 ? GgmlType.F16 : GgmlType.F32;
        }
        boolean full = name.equals("v.position_embd.weight") || !name.endsWith(".weight");
        return full ? GgmlType.F32 : fileType.defaultType();
    }
}
