package io.nightshift.formats.imatrix;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.gguf.GgufFile;
import io.nightshift.formats.gguf.GgufMetadata;
import io.nightshift.formats.gguf.GgufTensor;
import io.nightshift.formats.gguf.GgufValue;
import io.nightshift.formats.storage.ModelFolder;
import io.nightshift.formats.storage.StoredFile;
import io.nightshift.kernels.GgmlType;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Reads the GGUF files of llama-imatrix (common/imatrix-loader.cpp, common_imatrix_load). */
final class GgufImatrixReader {
    /** Counts are written as floats; nobody has run more tokens than this. */
    private static final float MOST_TOKENS = 0x1p53f;

    private GgufImatrixReader() {}

    static Imatrix read(ModelFolder folder, StoredFile file) throws IOException {
        GgufFile gguf = GgufFile.read(folder, file);
        try {
            gguf.requirePadding();
            GgufMetadata metadata = gguf.header().metadata();
            List<String> datasets = datasets(metadata);
            int chunkCount = number(metadata, ImatrixKeys.CHUNK_COUNT);
            int chunkSize = number(metadata, ImatrixKeys.CHUNK_SIZE);
            return new Imatrix(entries(folder, gguf), datasets, chunkCount, chunkSize);
        } catch (InvalidModelException e) {
            throw new InvalidModelException(folder.location() + "/" + file.name() + ": " + e.getMessage(), e);
        }
    }

    private static Map<String, ImportanceEntry> entries(ModelFolder folder, GgufFile gguf) throws IOException {
        Map<String, GgufTensor> sums = new TreeMap<>();
        Map<String, GgufTensor> counts = new TreeMap<>();
        for (GgufTensor tensor : gguf.header().tensors()) {
            add(tensor, ImatrixKeys.SUMS, sums);
            add(tensor, ImatrixKeys.COUNTS, counts);
        }
        if (sums.isEmpty()) {
            throw new InvalidModelException("the importance matrix has no entries");
        }
        if (!sums.keySet().equals(counts.keySet())) {
            List<String> unmatched = new ArrayList<>(sums.keySet());
            unmatched.addAll(counts.keySet());
            unmatched.removeIf(name -> sums.containsKey(name) && counts.containsKey(name));
            throw new InvalidModelException(unmatched.get(0) + " has only one of " + ImatrixKeys.SUMS + " and "
                    + ImatrixKeys.COUNTS);
        }
        List<GgufTensor> wanted = new ArrayList<>(sums.values());
        wanted.addAll(counts.values());
        Map<String, float[]> values = new HashMap<>();
        gguf.readF32(folder, wanted, (tensor, content) -> values.put(tensor.name(), content));
        Map<String, ImportanceEntry> entries = new TreeMap<>();
        for (String name : sums.keySet()) {
            try {
                float[] ofCounts = values.get(name + ImatrixKeys.COUNTS);
                entries.put(name, new ImportanceEntry(values.get(name + ImatrixKeys.SUMS), tokens(ofCounts)));
            } catch (InvalidModelException e) {
                throw new InvalidModelException(name + ": " + e.getMessage(), e);
            }
        }
        return entries;
    }

    private static void add(GgufTensor tensor, String suffix, Map<String, GgufTensor> tensors) {
        if (!tensor.name().endsWith(suffix)) {
            return;
        }
        if (tensor.type() != GgmlType.F32) {
            throw new InvalidModelException(tensor.name() + " is " + tensor.type() + "; it must be F32");
        }
        tensors.put(tensor.name().substring(0, tensor.name().length() - suffix.length()), tensor);
    }

    private static long[] tokens(float[] counts) {
        long[] tokens = new long[counts.length];
        for (int i = 0; i < counts.length; i++) {
            // Written so that NaN fails too.
            if (!(counts[i] >= 0 && counts[i] <= MOST_TOKENS)) {
                throw new InvalidModelException("a count of tokens is " + counts[i]);
            }
            tokens[i] = Math.round((double) counts[i]);
        }
        return tokens;
    }

    private static List<String> datasets(GgufMetadata metadata) {
        GgufValue value = required(metadata, ImatrixKeys.DATASETS);
        return value instanceof GgufValue.Texts texts
                ? texts.values().stream().map(text -> new String(text, StandardCharsets.UTF_8)).toList()
                : List.of();
    }

    private static int number(GgufMetadata metadata, String key) {
        if (required(metadata, key) instanceof GgufValue.Uint32 number && number.value() <= Integer.MAX_VALUE) {
            return (int) number.value();
        }
        throw new InvalidModelException(key + " is not an unsigned 32-bit integer in range");
    }

    private static GgufValue required(GgufMetadata metadata, String key) {
        return metadata.get(key)
                .orElseThrow(() -> new InvalidModelException("no importance matrix: it lacks the metadata key " + key));
    }
}
