package io.nightshift.formats.safetensors;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Lays the tensors of a model out over safetensors files of bounded size, named as transformers names them, so that
 * every byte's place is known before there is one.
 */
public final class ShardedLayout {
    /** The index that tells loaders which file a tensor is in, where there are several. */
    public static final String INDEX = "model.safetensors.index.json";

    private ShardedLayout() {}

    /**
     * The files.
     *
     * @param runs tensors that stay together, one behind the other, in one file; in a file, runs that are whole
     *     multiples of 8 bytes come first, for alignment, else the order is kept
     * @param maxBytes most bytes of tensors in a file; a run that is larger has a file to itself
     * @param metadata free text in each header
     * @throws IllegalArgumentException if there is no run, two tensors share a name, or the bound is not positive
     */
    public static List<SafetensorsLayout> shards(
            List<List<TensorSpec>> runs, long maxBytes, Map<String, String> metadata) {
        if (maxBytes < 1 || runs.isEmpty()) {
            throw new IllegalArgumentException(runs.size() + " runs cannot lie in files of " + maxBytes + " bytes");
        }
        long distinct = runs.stream().flatMap(List::stream).map(TensorSpec::name).distinct().count();
        if (distinct != runs.stream().mapToLong(List::size).sum()) {
            throw new IllegalArgumentException("two tensors have the same name");
        }
        List<List<List<TensorSpec>>> files = new ArrayList<>();
        long bytes = 0;
        for (List<TensorSpec> run : runs) {
            if (files.isEmpty() || bytes + bytes(run) > maxBytes) {
                files.add(new ArrayList<>());
                bytes = 0;
            }
            files.get(files.size() - 1).add(run);
            bytes += bytes(run);
        }
        List<SafetensorsLayout> shards = new ArrayList<>();
        for (int i = 0; i < files.size(); i++) {
            List<List<TensorSpec>> aligned = new ArrayList<>(files.get(i));
            aligned.sort(Comparator.comparingLong(run -> -alignment(bytes(run))));
            String file = files.size() == 1
                    ? "model.safetensors"
                    : "model-%05d-of-%05d.safetensors".formatted(i + 1, files.size());
            shards.add(SafetensorsLayout.of(file, metadata, aligned.stream().flatMap(List::stream).toList()));
        }
        return List.copyOf(shards);
    }

    /** The index's content, if there are several files. */
    public static Optional<byte[]> index(List<SafetensorsLayout> shards) {
        if (shards.size() == 1) {
            return Optional.empty();
        }
        Map<String, String> fileOf = new TreeMap<>();
        long total = 0;
        for (SafetensorsLayout shard : shards) {
            for (SafetensorsTensor tensor : shard.tensors()) {
                fileOf.put(tensor.name(), shard.file());
                total += tensor.length();
            }
        }
        ObjectNode index = new ObjectMapper().createObjectNode();
        index.putObject("metadata").put("total_size", total);
        ObjectNode weightMap = index.putObject("weight_map");
        fileOf.forEach(weightMap::put);
        return Optional.of((index.toPrettyString() + "\n").getBytes(StandardCharsets.UTF_8));
    }

    private static long bytes(List<TensorSpec> run) {
        return run.stream().mapToLong(TensorSpec::bytes).sum();
    }

    /** The largest power of two, 8 at most, that divides a number. */
    private static long alignment(long bytes) {
        return Math.min(8, Long.lowestOneBit(bytes | 8));
    }
}
