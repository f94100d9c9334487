package io.nightshift.formats.imatrix;

import io.nightshift.formats.InvalidModelException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Predicate;

/**
 * An importance matrix, as llama-imatrix collects it.
 *
 * @param entries by GGUF tensor name, such as {@code blk.0.attn_q.weight}, sorted
 * @param datasets the texts it was collected on, as they were named
 * @param chunkCount chunks of text that were run through the model; 0 if that is not known
 * @param chunkSize tokens a chunk
 */
public record Imatrix(Map<String, ImportanceEntry> entries, List<String> datasets, int chunkCount, int chunkSize) {
    /** Tokens a chunk where llama-imatrix is not told otherwise. */
    public static final int DEFAULT_CHUNK_SIZE = 512;

    public Imatrix {
        entries = Collections.unmodifiableSortedMap(new TreeMap<>(entries));
        datasets = List.copyOf(datasets);
    }

    /**
     * Several matrices of one model added up. This is what llama-imatrix does if it is given them as {@code --in-file}
     * and nothing else; it then counts chunks in its default size (tools/imatrix/imatrix.cpp, load_imatrix). A single
     * one stays as it is.
     *
     * @param matrices one at least; adding some of them up first changes nothing
     * @throws InvalidModelException if they do not fit together; the message names the tensor
     */
    public static Imatrix combine(List<Imatrix> matrices) {
        if (matrices.size() == 1) {
            return matrices.get(0);
        }
        SortedMap<String, ImportanceEntry> sum = new TreeMap<>();
        List<String> datasets = new ArrayList<>();
        for (Imatrix matrix : matrices) {
            matrix.entries.forEach((name, entry) -> {
                try {
                    sum.merge(name, entry, ImportanceEntry::plus);
                } catch (InvalidModelException e) {
                    throw new InvalidModelException(name + ": " + e.getMessage(), e);
                }
            });
            datasets.addAll(matrix.datasets);
        }
        long tokens = 0;
        for (ImportanceEntry entry : sum.values()) {
            for (long count : entry.counts()) {
                tokens = Math.max(tokens, count);
            }
        }
        int chunks = (int) Math.min(Integer.MAX_VALUE, tokens / DEFAULT_CHUNK_SIZE);
        return new Imatrix(sum, datasets, chunks, DEFAULT_CHUNK_SIZE);
    }

    /** The entries whose name satisfies a condition; all else stays. */
    public Imatrix only(Predicate<String> name) {
        SortedMap<String, ImportanceEntry> kept = new TreeMap<>(entries);
        kept.keySet().removeIf(name.negate());
        return new Imatrix(kept, datasets, chunkCount, chunkSize);
    }
}
