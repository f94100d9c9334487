package io.nightshift.formats.architecture;

import io.nightshift.formats.checkpoint.ModelConfig;

/**
 * The attention heads of a family's layers.
 *
 * @param size channels of one
 * @param ofKeys how many there are of keys, and of values
 * @param scaled whether products of queries and keys are scaled
 * @param valuesNormed whether the heads of values are normalized, by a norm without weights
 */
public record Heads(Dimension size, Dimension ofKeys, boolean scaled, boolean valuesNormed) {
    /** Those of most families, the same in all layers. */
    static final Heads STANDARD = new Heads(Dimension.HEAD, Dimension.KEY_HEADS, true, false);

    /** Channels of a head in a layer. */
    public long size(ModelConfig config, int layer) {
        return size.of(config, layer);
    }

    /** Heads of keys in a layer. */
    public long ofKeys(ModelConfig config, int layer) {
        return ofKeys.of(config, layer);
    }
}
