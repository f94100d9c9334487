package io.nightshift.formats.architecture;

import io.nightshift.formats.checkpoint.ModelConfig;

/**
 * The attention heads of a family's layers.
 *
 * @param size channels of one
 * @param ofKeys how many there are of keys, and of values
 * @param keysFrom whose keys and values a layer attends to
 * @param scaled whether products of queries and keys are scaled
 * @param valuesNormed whether the heads of values are normalized, by a norm without weights
 */
public record Heads(Dimension size, Dimension ofKeys, KeySource keysFrom, boolean scaled, boolean valuesNormed) {
    /** The layer whose keys and values a layer attends to: itself, or an earlier one that makes some. */
    @FunctionalInterface
    interface KeySource {
        int of(ModelConfig config, int layer);
    }

    /** Those of most families, the same in all layers. */
    static final Heads STANDARD = new Heads(Dimension.HEAD, Dimension.KEY_HEADS, (config, layer) -> layer, true, false);

    /** Channels of a head in a layer. */
    public long size(ModelConfig config, int layer) {
        return size.of(config, layer);
    }

    /** Heads of keys in a layer. */
    public long ofKeys(ModelConfig config, int layer) {
        return ofKeys.of(config, layer);
    }

    /**
     * The layer whose keys and values a layer attends to: itself, or an earlier one that makes some.
     *
     * @throws io.nightshift.formats.InvalidModelException if there is none
     */
    public int keysFrom(ModelConfig config, int layer) {
        return keysFrom.of(config, layer);
    }
}
