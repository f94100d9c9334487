package io.nightshift.formats.architecture;

import io.nightshift.kernels.GgmlType;
import java.util.Map;
import java.util.Optional;

/**
 * A family of vision towers, as data.
 *
 * @param table which source tensors make which output tensors, by {@code vision_config}, and the keys of the metadata
 * @param types types of tensors, by name, that the converter fixes for this family alone, whatever the file's
 *     ({@code tensor_force_quant} of its class)
 * @param optional a tensor that loaders look for and that the converter leaves out of some checkpoints
 */
record VisionTower(Architecture table, Map<String, GgmlType> types, Optional<Lacking> optional) {
    /**
     * What is said of a checkpoint whose file lacks a tensor that loaders look for.
     *
     * @param tensor its name
     * @param remedy what can be done
     */
    record Lacking(String tensor, String remedy) {}

    VisionTower(Architecture table, Map<String, GgmlType> types) {
        this(table, types, Optional.empty());
    }

    VisionTower(Architecture table) {
        this(table, Map.of());
    }
}
