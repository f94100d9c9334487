package io.nightshift.formats.architecture;

import java.io.Serializable;

/**
 * How a family's rotary embedding turns queries and keys.
 *
 * @param layers where it does
 * @param neighbours whether channels 2i and 2i + 1 are a pair, and not i and i + half
 * @param beforeNorms whether the norms of heads come behind it
 * @param queriesGrow whether queries are scaled up with their position ({@code llama_4_scaling_beta})
 */
public record Rotation(RotatedLayers layers, boolean neighbours, boolean beforeNorms, boolean queriesGrow)
        implements Serializable {
    /** Llama's. */
    static final Rotation STANDARD = new Rotation(RotatedLayers.ALL, false, false, false);

    /** ERNIE's. */
    static final Rotation OF_NEIGHBOURS = new Rotation(RotatedLayers.ALL, true, false, false);

    /** Hunyuan's. */
    static final Rotation BEFORE_NORMS = new Rotation(RotatedLayers.ALL, false, true, false);

    /** Ministral 3's. */
    static final Rotation OF_GROWING_QUERIES = new Rotation(RotatedLayers.ALL, false, false, true);

    /** Llama's, in some layers. */
    static Rotation in(RotatedLayers layers) {
        return new Rotation(layers, false, false, false);
    }
}
