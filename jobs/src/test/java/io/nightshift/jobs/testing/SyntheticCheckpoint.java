package io.nightshift.jobs.testing;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.StringJoiner;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Writes a Llama checkpoint of any size with random weights in BF16, to measure memory and speed with. It needs the JDK
 * only and is run from its source file, from the root of the project:
 *
 * <pre>
 * java jobs/src/test/java/io/nightshift/jobs/testing/SyntheticCheckpoint.java output=/tmp/synthetic-1b
 * </pre>
 *
 * <p>Options, each as {@code name=value}, with what they are where they are not given: {@code output} (to be given; a
 * folder), {@code hidden=2048}, {@code ffn=5632}, {@code layers=22}, {@code heads=32}, {@code kv-heads=4},
 * {@code vocabulary=32000}, {@code tokenizer=samples/tiny-llama} (a checkpoint folder whose tokenizer files are copied;
 * a vocabulary larger than the tokenizer's is padded when it is converted), {@code shards=1}, {@code seed=1}. These
 * make 1.1 billion weights, 2.2 GB.
 *
 * <p>Matrices are normal with standard deviation 0.02, norms are 1. A tensor's weights depend on the seed, its place
 * and its shape, not on the shards. Nothing but a buffer is held in memory.
 */
public final class SyntheticCheckpoint {
    private static final double DEVIATION = 0.02;
    private static final int BUFFER = 1 << 20;
    private static final short ONE = 0x3f80;

    private final Map<String, String> options;
    private final int hidden;
    private final int feedForward;
    private final int layers;
    private final int heads;
    private final int keyHeads;
    private final int vocabulary;
    private final long seed;

    private record Tensor(String name, int index, int... shape) {
        long bytes() {
            return Arrays.stream(shape).asLongStream().reduce(2, (a, b) -> a * b);
        }
    }

    private SyntheticCheckpoint(Map<String, String> given) {
        options = new HashMap<>(Map.of(
                "hidden", "2048", "ffn", "5632", "layers", "22", "heads", "32", "kv-heads", "4", "vocabulary", "32000",
                "tokenizer", "samples/tiny-llama", "shards", "1", "seed", "1"));
        if (!options.keySet().containsAll(given.keySet())) {
            throw new IllegalArgumentException("the options are " + options.keySet() + ", not " + given.keySet());
        }
        options.putAll(given);
        hidden = number("hidden");
        feedForward = number("ffn");
        layers = number("layers");
        heads = number("heads");
        keyHeads = number("kv-heads");
        vocabulary = number("vocabulary");
        seed = Long.parseLong(options.get("seed"));
        if (hidden % heads != 0 || heads % keyHeads != 0) {
            throw new IllegalArgumentException("hidden has to divide by heads, and heads by kv-heads");
        }
    }

    /** Writes a checkpoint; the options are the class's. */
    public static void main(String[] arguments) throws IOException {
        Map<String, String> options = Arrays.stream(arguments)
                .map(argument -> argument.split("=", 2))
                .collect(Collectors.toMap(pair -> pair[0], pair -> pair[1]));
        if (!options.containsKey("output")) {
            throw new IllegalArgumentException("say where to, with output=FOLDER");
        }
        Path folder = Path.of(options.remove("output"));
        long bytes = write(folder, options);
        System.out.printf("%s: %.1f million weights, %.2f GB%n", folder, bytes / 2e6, bytes / 1e9);
    }

    /**
     * Writes a checkpoint.
     *
     * @param folder is made where it is missing
     * @param options those of the class that are not to have their usual values
     * @return bytes of all tensors
     */
    public static long write(Path folder, Map<String, String> options) throws IOException {
        return new SyntheticCheckpoint(options).write(folder);
    }

    private int number(String option) {
        return Integer.parseInt(options.get(option));
    }

    private long write(Path folder) throws IOException {
        Files.createDirectories(folder);
        copyTokenizer(folder);
        Files.writeString(folder.resolve("config.json"), config());
        List<List<Tensor>> shards = shards(tensors(), number("shards"));
        StringJoiner index = new StringJoiner(",\n", "{\n", "\n}");
        long total = 0;
        for (int i = 0; i < shards.size(); i++) {
            String name = shards.size() == 1
                    ? "model.safetensors"
                    : String.format("model-%05d-of-%05d.safetensors", i + 1, shards.size());
            for (Tensor tensor : shards.get(i)) {
                index.add("\"" + tensor.name() + "\": \"" + name + "\"");
                total += tensor.bytes();
            }
            writeShard(folder.resolve(name), shards.get(i));
        }
        if (shards.size() > 1) {
            Files.writeString(
                    folder.resolve("model.safetensors.index.json"),
                    "{\"metadata\": {\"total_size\": " + total + "}, \"weight_map\": " + index + "}\n");
        }
        return total;
    }

    private void copyTokenizer(Path folder) throws IOException {
        List<Path> files;
        try (Stream<Path> listed = Files.list(Path.of(options.get("tokenizer")))) {
            files = listed.filter(file -> isOfTokenizer(file.getFileName().toString())).toList();
        }
        for (Path file : files) {
            Files.copy(file, folder.resolve(file.getFileName()), StandardCopyOption.REPLACE_EXISTING);
        }
    }

    private static boolean isOfTokenizer(String name) {
        return name.startsWith("tokenizer") || Set.of("special_tokens_map.json", "added_tokens.json").contains(name);
    }

    private String config() {
        return """
                {
                  "architectures": ["LlamaForCausalLM"],
                  "model_type": "llama",
                  "bos_token_id": 1,
                  "eos_token_id": 2,
                  "hidden_act": "silu",
                  "hidden_size": %d,
                  "intermediate_size": %d,
                  "max_position_embeddings": 2048,
                  "num_attention_heads": %d,
                  "num_hidden_layers": %d,
                  "num_key_value_heads": %d,
                  "rms_norm_eps": 1e-05,
                  "rope_theta": 10000.0,
                  "tie_word_embeddings": false,
                  "torch_dtype": "bfloat16",
                  "vocab_size": %d
                }
                """.formatted(hidden, feedForward, heads, layers, keyHeads, vocabulary);
    }

    private List<Tensor> tensors() {
        int keys = hidden / heads * keyHeads;
        List<Tensor> tensors = new ArrayList<>();
        add(tensors, "model.embed_tokens", vocabulary, hidden);
        for (int i = 0; i < layers; i++) {
            String layer = "model.layers." + i + ".";
            add(tensors, layer + "input_layernorm", hidden);
            add(tensors, layer + "self_attn.q_proj", hidden, hidden);
            add(tensors, layer + "self_attn.k_proj", keys, hidden);
            add(tensors, layer + "self_attn.v_proj", keys, hidden);
            add(tensors, layer + "self_attn.o_proj", hidden, hidden);
            add(tensors, layer + "post_attention_layernorm", hidden);
            add(tensors, layer + "mlp.gate_proj", feedForward, hidden);
            add(tensors, layer + "mlp.up_proj", feedForward, hidden);
            add(tensors, layer + "mlp.down_proj", hidden, feedForward);
        }
        add(tensors, "model.norm", hidden);
        add(tensors, "lm_head", vocabulary, hidden);
        return tensors;
    }

    private static void add(List<Tensor> tensors, String name, int... shape) {
        tensors.add(new Tensor(name + ".weight", tensors.size(), shape));
    }

    /** Shards of about the same size, tensors in their order. */
    private static List<List<Tensor>> shards(List<Tensor> tensors, int count) {
        long total = tensors.stream().mapToLong(Tensor::bytes).sum();
        List<List<Tensor>> shards = new ArrayList<>();
        long before = 0;
        for (Tensor tensor : tensors) {
            if (shards.isEmpty() || before >= (double) total / count * shards.size()) {
                shards.add(new ArrayList<>());
            }
            shards.get(shards.size() - 1).add(tensor);
            before += tensor.bytes();
        }
        return shards;
    }

    private void writeShard(Path file, List<Tensor> tensors) throws IOException {
        try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(file), BUFFER)) {
            byte[] header = header(tensors);
            out.write(ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(header.length).array());
            out.write(header);
            for (Tensor tensor : tensors) {
                writeWeights(tensor, out);
            }
        }
    }

    private static byte[] header(List<Tensor> tensors) {
        StringJoiner entries = new StringJoiner(",", "{\"__metadata__\":{\"format\":\"pt\"},", "}");
        long offset = 0;
        for (Tensor tensor : tensors) {
            String shape = Arrays.stream(tensor.shape()).mapToObj(String::valueOf).collect(Collectors.joining(","));
            entries.add("\"%s\":{\"dtype\":\"BF16\",\"shape\":[%s],\"data_offsets\":[%d,%d]}"
                    .formatted(tensor.name(), shape, offset, offset + tensor.bytes()));
            offset += tensor.bytes();
        }
        String json = entries.toString();
        // The data begin at a multiple of 8.
        return (json + " ".repeat(-json.length() & 7)).getBytes(StandardCharsets.US_ASCII);
    }

    private void writeWeights(Tensor tensor, OutputStream out) throws IOException {
        boolean norm = tensor.shape().length == 1;
        SplittableRandom random = new SplittableRandom(seed * 1_000_003 + tensor.index());
        ByteBuffer block = ByteBuffer.allocate(BUFFER).order(ByteOrder.LITTLE_ENDIAN);
        for (long rest = tensor.bytes(); rest > 0; rest -= block.position()) {
            block.clear().limit((int) Math.min(rest, BUFFER));
            while (block.hasRemaining()) {
                block.putShort(norm ? ONE : bfloat16((float) (DEVIATION * random.nextGaussian())));
            }
            out.write(block.array(), 0, block.position());
        }
    }

    /** Rounds to nearest, ties to even. */
    private static short bfloat16(float value) {
        int bits = Float.floatToRawIntBits(value);
        return (short) (bits + 0x7fff + (bits >>> 16 & 1) >>> 16);
    }
}
