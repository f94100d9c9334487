package io.nightshift.formats.architecture;

import io.nightshift.formats.gguf.GgufMetadata;
import io.nightshift.kernels.GgmlType;
import java.util.List;
import java.util.Map;

/**
 * How the vision tower of a checkpoint becomes a GGUF, as {@code convert_hf_to_gguf.py --mmproj} writes it: everything but
 * the general keys.
 *
 * @param tensors in the order of the file, in F32: what they become hangs on the file's type
 * @param hyperparameters the tower's keys, and {@code general.file_type} among them, in file order
 * @param fixedTypes types of tensors, by name, that are the same in files of every type
 */
public record TowerConversion(
        List<TensorRecipe> tensors, GgufMetadata hyperparameters, Map<String, GgmlType> fixedTypes) {}
