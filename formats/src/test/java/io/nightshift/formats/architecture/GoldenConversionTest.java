package io.nightshift.formats.architecture;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.nightshift.formats.checkpoint.Checkpoint;
import io.nightshift.formats.gguf.GgufValue;
import io.nightshift.formats.storage.LocalFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Conversions against the digests of what convert_hf_to_gguf.py --outtype auto wrote, for every checkpoint at hand. */
class GoldenConversionTest {
    private static final List<Path> FOLDERS = List.of(
            Path.of("src/test/resources/fixtures"), Path.of("src/test/resources/families"), Path.of("../../shared/fixtures"),
            Path.of("../shared/fixtures"));

    @TestFactory
    Stream<DynamicTest> convertsAsTheConverterDoes() throws IOException {
        Map<String, Path> checkpoints = new TreeMap<>();
        for (Path folder : FOLDERS) {
            if (Files.isDirectory(folder)) {
                try (Stream<Path> entries = Files.list(folder)) {
                    entries.filter(entry -> Files.exists(entry.resolve("config.json")))
                            .filter(entry -> Files.exists(golden(entry)))
                            .forEach(entry -> checkpoints.putIfAbsent(entry.getFileName().toString(), entry));
                }
            }
        }
        return checkpoints.entrySet().stream()
                .map(entry -> DynamicTest.dynamicTest(entry.getKey(), () -> compare(entry.getValue())));
    }

    private static Path golden(Path checkpoint) {
        return checkpoint.resolveSibling(checkpoint.getFileName() + ".json");
    }

    private static void compare(Path path) throws Exception {
        JsonNode golden = new ObjectMapper().readTree(golden(path).toFile()).path("convert_auto");
        LocalFolder folder = new LocalFolder(path);
        ModelConversion conversion = Architectures.convert(Checkpoint.open(folder));

        Map<String, String> expected = new TreeMap<>();
        for (JsonNode tensor : golden.path("tensors")) {
            expected.put(tensor.get(0).asText(), tensor.get(1).asText() + " " + tensor.get(2) + " " + tensor.get(4).asText());
        }
        Map<String, String> actual = new TreeMap<>();
        for (TensorRecipe recipe : conversion.tensors()) {
            // Blocks that end within a head and within an expert.
            long blockRows = Math.max(1, recipe.rows() / 3);
            actual.put(recipe.name(), recipe.type() + " " + recipe.shape().toString().replace(" ", "") + " "
                    + ConvertedBytes.sha256(folder, recipe, blockRows));
        }
        assertEquals(lines(expected), lines(actual));
        assertEquals(goldenKeys(golden, conversion.architecture().name()), keys(conversion));
    }

    private static String lines(Map<String, String> map) {
        StringBuilder lines = new StringBuilder();
        map.forEach((key, value) -> lines.append(key).append(' ').append(value).append('\n'));
        return lines.toString();
    }

    private static String keys(ModelConversion conversion) {
        List<String> keys = new ArrayList<>();
        conversion.leadingMetadata().values().forEach((key, value) -> keys.add(key + " " + text(value)));
        conversion.hyperparameters().values().forEach((key, value) -> keys.add(key + " " + text(value)));
        return String.join("\n", keys);
    }

    /** A value as its type and its text. */
    static String text(GgufValue value) {
        if (value instanceof GgufValue.Uint32 integer) {
            return "UINT32 " + integer.value();
        }
        if (value instanceof GgufValue.Float32 number) {
            return "FLOAT32 " + number.value();
        }
        if (value instanceof GgufValue.Bool bool) {
            return "BOOL " + bool.value();
        }
        return "STRING " + ((GgufValue.Text) value).value();
    }

    private static String goldenKeys(JsonNode golden, String architecture) {
        List<String> keys = new ArrayList<>();
        for (JsonNode pair : golden.path("kv")) {
            String key = pair.get(0).asText();
            if (key.startsWith(architecture + ".") || key.equals("general.file_type")) {
                JsonNode value = pair.get(2);
                String text = pair.get(1).asText().equals("FLOAT32")
                        ? Float.toString((float) value.asDouble())
                        : value.asText();
                keys.add(key + " " + pair.get(1).asText() + " " + text);
            }
        }
        return String.join("\n", keys);
    }
}
