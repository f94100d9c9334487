package io.nightshift.formats.forward;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.checkpoint.ModelConfig;
import java.io.Serializable;
import java.util.stream.Stream;

/**
 * The sizes of attention whose keys and values are stored compressed.
 *
 * @param heads of queries, keys and values
 * @param unrotated channels of a head of queries or keys that positions do not turn
 * @param rotated those that they turn, behind the others; all heads of keys share them
 * @param value channels of a head of values
 * @param rank channels of the compressed keys and values
 */
record LatentShape(int heads, int unrotated, int rotated, int value, int rank) implements Serializable {
    /** That of a configuration. */
    static LatentShape of(ModelConfig config) {
        LatentShape shape = new LatentShape(size(config, "num_attention_heads"), size(config, "qk_nope_head_dim"),
                size(config, "qk_rope_head_dim"), size(config, "v_head_dim"), size(config, "kv_lora_rank"));
        boolean empty = Stream.of(shape.heads, shape.unrotated, shape.value, shape.rank).anyMatch(size -> size == 0);
        if (empty || shape.rotated < 2 || shape.rotated % 2 != 0) {
            throw new InvalidModelException(config.location() + ": " + shape.heads + " heads of " + shape.unrotated + " and "
                    + shape.rotated + " channels, with values of " + shape.value + " and " + shape.rank + " compressed ones:"
                    + " none may be 0, and \"qk_rope_head_dim\" must be even");
        }
        return shape;
    }

    private static int size(ModelConfig config, String key) {
        long size = config.integer(key);
        if (size > Short.MAX_VALUE) {
            throw new InvalidModelException(config.location() + ": \"" + key + "\" is " + size + ", which is too large");
        }
        return (int) size;
    }

    /** Channels of a head of queries or keys. */
    int query() {
        return unrotated + rotated;
    }

    /** Channels of a head's keys that are its own, and of its values behind them. */
    int decompressed() {
        return unrotated + value;
    }
}
