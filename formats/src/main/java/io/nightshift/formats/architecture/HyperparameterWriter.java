package io.nightshift.formats.architecture;

import io.nightshift.formats.gguf.GgufMetadata;
import io.nightshift.formats.gguf.GgufValue;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.IntPredicate;
import java.util.function.IntToLongFunction;

/** Collects metadata as the converter's GGUFWriter does: a key set again keeps its place and gets the new value. */
final class HyperparameterWriter {
    private final String architecture;
    private final int fileType;
    private final int blocks;
    private final Map<String, GgufValue> values = new LinkedHashMap<>();

    /**
     * A writer.
     *
     * @param fileType number of the type that the converter writes
     * @param blocks of the model, those for predicting further tokens among them
     */
    HyperparameterWriter(String architecture, int fileType, int blocks) {
        this.architecture = architecture;
        this.fileType = fileType;
        this.blocks = blocks;
    }

    int blocks() {
        return blocks;
    }

    void set(String key, GgufValue value) {
        values.put(architecture + "." + key, value);
    }

    /** A whole number. */
    void set(String key, long value) {
        set(key, new GgufValue.Uint32(value));
    }

    /** Whole numbers, one a block, say. */
    void set(String key, int... values) {
        set(key, new GgufValue.Int32s(values));
    }

    /** One flag a block. */
    void setFlags(String key, IntPredicate flag) {
        boolean[] flags = new boolean[blocks];
        for (int i = 0; i < blocks; i++) {
            flags[i] = flag.test(i);
        }
        set(key, new GgufValue.Bools(flags));
    }

    /** One whole number a block. */
    void setEach(String key, IntToLongFunction value) {
        int[] numbers = new int[blocks];
        for (int i = 0; i < blocks; i++) {
            numbers[i] = Math.toIntExact(value.applyAsLong(i));
        }
        set(key, new GgufValue.Int32s(numbers));
    }

    void setFileType() {
        values.put("general.file_type", new GgufValue.Uint32(fileType));
    }

    GgufMetadata metadata() {
        GgufMetadata metadata = new GgufMetadata();
        values.forEach(metadata::set);
        return metadata;
    }
}
