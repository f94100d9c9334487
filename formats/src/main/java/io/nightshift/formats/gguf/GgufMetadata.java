package io.nightshift.formats.gguf;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** The key-value pairs of a GGUF file, in file order. Setting a key again replaces it and moves it to the end, as gguf does. */
public final class GgufMetadata {
    private final Map<String, GgufValue> values = new LinkedHashMap<>();

    /** Sets a key. */
    public GgufMetadata set(String key, GgufValue value) {
        values.remove(key);
        values.put(key, value);
        return this;
    }

    /** Sets a key where it stands, or last if it is new, as gguf-py does (gguf_writer.py, add_key_value). */
    public GgufMetadata put(String key, GgufValue value) {
        values.put(key, value);
        return this;
    }

    /** Sets a string. */
    public GgufMetadata text(String key, String value) {
        return set(key, new GgufValue.Text(value));
    }

    /** Sets an unsigned 32-bit integer. */
    public GgufMetadata uint32(String key, long value) {
        return set(key, new GgufValue.Uint32(value));
    }

    /** Sets a 32-bit float. */
    public GgufMetadata float32(String key, float value) {
        return set(key, new GgufValue.Float32(value));
    }

    /** Sets a boolean. */
    public GgufMetadata bool(String key, boolean value) {
        return set(key, new GgufValue.Bool(value));
    }

    /** Removes a key, if it is there. */
    public GgufMetadata remove(String key) {
        values.remove(key);
        return this;
    }

    /** The value of a key. */
    public Optional<GgufValue> get(String key) {
        return Optional.ofNullable(values.get(key));
    }

    /** The value of a key, where that is an unsigned 32-bit number. */
    public Optional<Long> number(String key) {
        return get(key).map(value -> value instanceof GgufValue.Uint32 number ? number.value() : null);
    }

    /** All pairs, in file order. */
    public Map<String, GgufValue> values() {
        return Collections.unmodifiableMap(values);
    }

    /** A copy that can be changed on its own. */
    public GgufMetadata copy() {
        GgufMetadata copy = new GgufMetadata();
        copy.values.putAll(values);
        return copy;
    }
}
