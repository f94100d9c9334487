package io.nightshift.jobs.testing;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.nightshift.kernels.HalfFloat;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import java.util.zip.CRC32;

/**
 * Tiny checkpoints of recent families, of which the project keeps names, shapes and the digests of what llama.cpp makes:
 * weights follow from a tensor's name and the place in it, by the rule of formats' make_recent_families.py.
 */
public final class GeneratedCheckpoint {
    private static final Path RESOURCES = Path.of("..", "formats", "src", "test", "resources");
    private static final Map<String, List<String>> TOKENIZERS = Map.of(
            "bpe", List.of("families/qwen3/tokenizer.json", "families/qwen3/tokenizer_config.json"),
            "spm", List.of("families/mistral-f32/tokenizer.model", "families/mistral-f32/tokenizer_config.json"),
            "glm", List.of("recent/glm-tokenizer/tokenizer.json", "recent/glm-tokenizer/tokenizer_config.json"),
            "gemma4", List.of("recent/gemma4-tokenizer/tokenizer.json", "recent/gemma4-tokenizer/tokenizer_config.json"),
            "hunyuan", List.of("metadata/hunyuan-moe/hy.tiktoken", "metadata/hunyuan-moe/tokenizer_config.json"),
            "kimi", List.of("metadata/kimi-k2/tiktoken.model", "metadata/kimi-k2/tokenizer_config.json"),
            "tekken", List.of("metadata/tekken-v7/tekken.json"));

    private GeneratedCheckpoint() {}

    /** The names of all of them. */
    public static List<String> names() throws IOException {
        try (Stream<Path> entries = Files.list(RESOURCES.resolve("recent"))) {
            return entries.filter(entry -> Files.exists(entry.resolve("golden.json")))
                    .map(entry -> entry.getFileName().toString())
                    .sorted()
                    .toList();
        }
    }

    /** What is kept of one: its tokenizer, its tensors and the digests of its files. */
    public static JsonNode golden(String name) throws IOException {
        return new ObjectMapper().readTree(RESOURCES.resolve("recent").resolve(name).resolve("golden.json").toFile());
    }

    /** Whether its tokenizer is cut down, so that the pre-tokenizer must be said. */
    public static boolean needsPreTokenizer(JsonNode golden) {
        return List.of("bpe", "glm").contains(golden.get("tokenizer").asText());
    }

    /** Writes one into a folder of its name. */
    public static Path write(String name, Path parent) throws IOException {
        return write(name, parent, tensor -> true);
    }

    /** Writes one into a folder of its name, with some of its tensors. */
    public static Path write(String name, Path parent, Predicate<String> kept) throws IOException {
        JsonNode golden = golden(name);
        List<JsonNode> tensors = StreamSupport.stream(golden.get("tensors").spliterator(), false)
                .filter(tensor -> kept.test(tensor.get(0).asText()))
                .toList();
        Path folder = Files.createDirectory(parent.resolve(name));
        Files.copy(RESOURCES.resolve("recent").resolve(name).resolve("config.json"), folder.resolve("config.json"));
        for (String file : TOKENIZERS.get(golden.get("tokenizer").asText())) {
            Files.copy(RESOURCES.resolve(file), folder.resolve(Path.of(file).getFileName()));
        }
        writeFilesOfImages(golden, folder);
        ObjectNode header = JsonNodeFactory.instance.objectNode();
        long position = 0;
        for (JsonNode tensor : tensors) {
            long length = count(tensor) * bytes(tensor.get(1).asText());
            ObjectNode entry = header.putObject(tensor.get(0).asText());
            entry.put("dtype", tensor.get(1).asText());
            entry.set("shape", tensor.get(2));
            ArrayNode offsets = entry.putArray("data_offsets");
            offsets.add(position).add(position + length);
            position += length;
        }
        byte[] text = header.toString().getBytes(StandardCharsets.UTF_8);
        try (OutputStream out = Files.newOutputStream(folder.resolve("model.safetensors"))) {
            out.write(ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN).putLong(text.length).array());
            out.write(text);
            for (JsonNode tensor : tensors) {
                out.write(weights(tensor));
            }
        }
        return folder;
    }

    /** What lies beside a model with images; keys of files that are there already are added. */
    private static void writeFilesOfImages(JsonNode golden, Path folder) throws IOException {
        ObjectMapper mapper = new ObjectMapper();
        for (Map.Entry<String, JsonNode> file : golden.path("mmproj").path("files").properties()) {
            Path path = folder.resolve(file.getKey());
            ObjectNode content = Files.exists(path)
                    ? (ObjectNode) mapper.readTree(path.toFile())
                    : JsonNodeFactory.instance.objectNode();
            content.setAll((ObjectNode) file.getValue());
            Files.writeString(path, content.toString());
        }
    }

    private static long count(JsonNode tensor) {
        long count = 1;
        for (JsonNode size : tensor.get(2)) {
            count *= size.asLong();
        }
        return count;
    }

    private static int bytes(String type) {
        return switch (type) {
            case "F32" -> 4;
            case "BF16", "F16" -> 2;
            default -> 1;
        };
    }

    private static byte[] weights(JsonNode tensor) {
        String name = tensor.get(0).asText();
        String type = tensor.get(1).asText();
        CRC32 seed = new CRC32();
        seed.update(name.getBytes(StandardCharsets.UTF_8));
        int count = Math.toIntExact(count(tensor));
        boolean aroundOne = tensor.get(2).size() < 2 || name.contains("scale");
        ByteBuffer out = ByteBuffer.allocate(count * bytes(type)).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < count; i++) {
            int random = mixed(i * 0x9E3779B1 + (int) seed.getValue());
            float value = name.endsWith("A_log") ? 0.5f + (random >>> 30) / 8f
                    : aroundOne ? 1 + ((random >>> 25) - 64) / 128f : ((random >>> 24) - 128) / 2048f;
            switch (type) {
                case "F32" -> out.putFloat(value);
                case "F16" -> out.putShort(HalfFloat.fromFloat(value));
                case "BF16" -> out.putShort((short) (Float.floatToIntBits(value) >>> 16));
                default -> out.put((byte) (name.endsWith("_scales") ? 116 + (random >>> 29)
                        : type.equals("F8_E4M3") && (random >>> 24 & 0x7f) == 0x7f ? (random >>> 24) - 1 : random >>> 24));
            }
        }
        return Arrays.copyOf(out.array(), out.position());
    }

    private static int mixed(int number) {
        int x = number;
        x ^= x >>> 16;
        x *= 0x85EBCA6B;
        x ^= x >>> 13;
        x *= 0xC2B2AE35;
        return x ^ x >>> 16;
    }
}
