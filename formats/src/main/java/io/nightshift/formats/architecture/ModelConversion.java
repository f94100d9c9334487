package io.nightshift.formats.architecture;

import io.nightshift.formats.gguf.GgufMetadata;
import io.nightshift.kernels.GgmlType;
import java.util.List;

/**
 * How a checkpoint becomes an unquantized GGUF, as {@code convert_hf_to_gguf.py --outtype auto} writes it: everything
 * but the tokenizer and the general keys.
 *
 * @param architecture the table that was applied
 * @param matrixType F16 or BF16: what matrices are written as, decided by the first matrix of either type; F16 if there
 *     is none
 * @param tensors in the order of the table, which is not that of a file
 * @param leadingMetadata the keys right behind {@code general.architecture}
 * @param hyperparameters the architecture's keys, and {@code general.file_type} among them, in file order
 * @param leftOut names of source tensors that are known to be of no use
 */
public record ModelConversion(
        Architecture architecture,
        GgmlType matrixType,
        List<TensorRecipe> tensors,
        GgufMetadata leadingMetadata,
        GgufMetadata hyperparameters,
        List<String> leftOut) {}
