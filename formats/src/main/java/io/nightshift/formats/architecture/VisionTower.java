package io.nightshift.formats.architecture;

import io.nightshift.kernels.GgmlType;
import java.util.Map;

/**
 * A family of vision towers, as data.
 *
 * @param table which source tensors make which output tensors, by {@code vision_config}, and the keys of the metadata
 * @param types types of tensors, by name, that the converter fixes for this family alone, whatever the file's
 *     ({@code tensor_force_quant} of its class)
 */
record VisionTower(Architecture table, Map<String, GgmlType> types) {
    VisionTower(Architecture table) {
        this(table, Map.of());
    }
}
