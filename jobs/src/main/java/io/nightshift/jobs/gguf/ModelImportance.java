package io.nightshift.jobs.gguf;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.Sha256;
import io.nightshift.formats.architecture.TensorRecipe;
import io.nightshift.formats.gguf.GgufMetadata;
import io.nightshift.formats.imatrix.ImportanceEntry;
import io.nightshift.formats.imatrix.Imatrix;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * The importance matrix of a job, ready for use: the mean squares of the inputs of each tensor. Kept by the driver;
 * tasks get the slices that they need.
 */
final class ModelImportance {
    /** llama-quantize keeps so many bytes of a text that it adds to the metadata. */
    private static final int LONGEST_TEXT = 127;

    private static final int FLOATS_AT_ONCE = 1 << 14;

    private final List<String> files;
    private final List<String> datasets;
    private final int chunks;
    private final Map<String, float[]> means = new TreeMap<>();
    private final Map<String, List<Integer>> unseen = new TreeMap<>();
    private final Map<String, Integer> experts = new TreeMap<>();
    private final Set<String> known;
    private final String digest;

    /**
     * The importance that a matrix gives.
     *
     * @param files where it was read from, as the user wrote it
     * @param matrix all that the files hold
     * @param used the entries to be used; the user left out the rest
     * @throws InvalidModelException if a value cannot be one; the message names the tensor
     */
    public ModelImportance(List<String> files, Imatrix matrix, Imatrix used) {
        this.files = List.copyOf(files);
        this.datasets = matrix.datasets();
        this.chunks = matrix.chunkCount();
        // A copy: the keys of the map would keep all of it.
        this.known = Set.copyOf(matrix.entries().keySet());
        used.entries().forEach((name, entry) -> {
            try {
                means.put(name, entry.means());
            } catch (InvalidModelException e) {
                throw new InvalidModelException(
                        "the importance matrix " + fileNames() + ", " + name + ": " + e.getMessage(), e);
            }
            unseen.put(name, entry.unseen());
            experts.put(name, entry.counts().length);
        });
        this.digest = digestOf(means);
    }

    /**
     * The importance of a tensor's columns, those of its first expert first.
     *
     * @return one value for each column of each expert, or nothing where the matrix has no such entry
     * @throws InvalidModelException if the entry has another shape; that of the token embedding is ignored then, as
     *     llama-quantize does (llama-quant.cpp, llama_model_quantize_impl)
     */
    public Optional<float[]> of(TensorRecipe tensor) {
        float[] values = means.get(tensor.name());
        if (values == null) {
            return Optional.empty();
        }
        long stacked = tensor.shape().size() > 2 ? tensor.shape().get(2) : 1;
        if (values.length == tensor.columns() * stacked) {
            return Optional.of(values);
        }
        if (isTokenEmbedding(tensor.name())) {
            return Optional.empty();
        }
        throw new InvalidModelException("the importance matrix " + fileNames() + " has " + values.length
                + " values for " + tensor.name() + ", which needs " + tensor.columns()
                + (stacked == 1 ? "" : " for each of " + stacked + " experts") + "; give the matrix of this model");
    }

    /** Whether one of its entries is named like one of these tensors. */
    public boolean belongsTo(List<TensorRecipe> tensors) {
        return tensors.stream().anyMatch(tensor -> means.containsKey(tensor.name()));
    }

    /** Whether the files have an entry of that name, used or not. */
    boolean knows(String tensor) {
        return known.contains(tensor);
    }

    /** The experts of a tensor that saw no tokens; expert 0 where a tensor without experts saw none. */
    List<Integer> unseen(String tensor) {
        return unseen.getOrDefault(tensor, List.of());
    }

    /** Whether a tensor has counts for several experts. */
    boolean isStacked(String tensor) {
        return experts.getOrDefault(tensor, 1) > 1;
    }

    /** Adds the keys that llama-quantize adds, in its order (tools/quantize/quantize.cpp). */
    public GgufMetadata addTo(GgufMetadata metadata) {
        metadata.text("quantize.imatrix.file", cut(String.join(",", files)));
        if (!datasets.isEmpty()) {
            metadata.text("quantize.imatrix.dataset", cut(datasets.get(0)));
        }
        metadata.uint32("quantize.imatrix.entries_count", means.size());
        if (chunks > 0) {
            metadata.uint32("quantize.imatrix.chunks_count", chunks);
        }
        return metadata;
    }

    /** Changes when any name or value does. */
    public String digest() {
        return digest;
    }

    /** The files, for a message. */
    public String fileNames() {
        return String.join(", ", files);
    }

    static boolean isTokenEmbedding(String name) {
        return name.equals("token_embd.weight") || name.equals("per_layer_token_embd.weight");
    }

    // A character that would be cut in two is left out, so that the text stays UTF-8.
    private static String cut(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        int length = Math.min(bytes.length, LONGEST_TEXT);
        while (length < bytes.length && (bytes[length] & 0xc0) == 0x80) {
            length--;
        }
        return new String(bytes, 0, length, StandardCharsets.UTF_8);
    }

    private static String digestOf(Map<String, float[]> means) {
        Sha256 digest = new Sha256();
        ByteBuffer bytes = ByteBuffer.allocate(FLOATS_AT_ONCE * Float.BYTES);
        means.forEach((name, values) -> {
            digest.add(name + '\0' + values.length + '\0');
            for (int from = 0; from < values.length; from += FLOATS_AT_ONCE) {
                int count = Math.min(FLOATS_AT_ONCE, values.length - from);
                bytes.clear().asFloatBuffer().put(values, from, count);
                digest.add(bytes.array(), 0, count * Float.BYTES);
            }
        });
        return digest.hexadecimal();
    }
}
