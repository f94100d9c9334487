package io.nightshift.formats.architecture;

import io.nightshift.formats.gguf.GgufMetadata;
import io.nightshift.formats.gguf.GgufValue;
import io.nightshift.kernels.GgmlType;
import java.util.LinkedHashMap;
import java.util.Map;

/** Collects metadata as the converter's GGUFWriter does: a key set again keeps its place and gets the new value. */
final class HyperparameterWriter {
    /** File types of llama.h: LLAMA_FTYPE_MOSTLY_F16 and LLAMA_FTYPE_MOSTLY_BF16. */
    private static final int MOSTLY_F16 = 1;
    private static final int MOSTLY_BF16 = 32;

    private final String architecture;
    private final GgmlType matrixType;
    private final Map<String, GgufValue> values = new LinkedHashMap<>();

    HyperparameterWriter(String architecture, GgmlType matrixType) {
        this.architecture = architecture;
        this.matrixType = matrixType;
    }

    void set(String key, GgufValue value) {
        values.put(architecture + "." + key, value);
    }

    void setFileType() {
        values.put("general.file_type", new GgufValue.Uint32(matrixType == GgmlType.BF16 ? MOSTLY_BF16 : MOSTLY_F16));
    }

    GgufMetadata metadata() {
        GgufMetadata metadata = new GgufMetadata();
        values.forEach(metadata::set);
        return metadata;
    }
}
