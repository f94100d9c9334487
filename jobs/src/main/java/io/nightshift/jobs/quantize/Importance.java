package io.nightshift.jobs.quantize;

import java.io.Serializable;
import java.util.Map;

/**
 * The importance matrix: for each tensor that has one, the importance of its columns, one row of them an expert.
 *
 * @param columns by GGUF tensor name
 */
public record Importance(Map<String, float[]> columns) implements Serializable {
    /** Nothing is more important than anything else. */
    public static final Importance NONE = new Importance(Map.of());
}
