package io.nightshift.formats.architecture;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.nightshift.formats.checkpoint.Checkpoint;
import io.nightshift.formats.conversion.GgufConverter;
import io.nightshift.formats.gguf.GgufMetadata;
import io.nightshift.formats.metadata.MetadataDigest;
import io.nightshift.formats.storage.LocalFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Conversions against the digests of what convert_hf_to_gguf.py --outtype auto wrote, for every checkpoint at hand. */
class GoldenConversionTest {
    private static final Path OUTSIDE = Path.of("../../shared/fixtures");
    private static final List<Path> FOLDERS =
            List.of(Path.of("src/test/resources/fixtures"), Path.of("src/test/resources/families"), OUTSIDE);

    /** Written when the file is, not by the conversion. */
    private static final String QUANTIZATION_VERSION = "general.quantization_version";

    @Test
    void theFixtureThatIsTooLargeForTheProjectIsComparedToo() {
        assumeTrue(Files.isDirectory(OUTSIDE.resolve("qwen2-bpe")), "qwen2-bpe is not at hand: it was not compared");
    }

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
        Checkpoint checkpoint = Checkpoint.open(folder);
        ModelConversion conversion = Architectures.convert(checkpoint);

        Map<String, String> expected = new TreeMap<>();
        for (JsonNode tensor : golden.path("tensors")) {
            expected.put(tensor.get(0).asText(),
                    tensor.get(1).asText() + " " + tensor.get(2) + " " + tensor.get(4).asText());
        }
        Map<String, String> actual = new TreeMap<>();
        for (TensorRecipe recipe : conversion.tensors()) {
            // Blocks that end within a head and within an expert.
            long blockRows = Math.max(1, recipe.rows() / 3);
            actual.put(recipe.name(), recipe.type() + " " + recipe.shape().toString().replace(" ", "") + " "
                    + ConvertedBytes.sha256(folder, recipe, blockRows));
        }
        assertEquals(lines(expected), lines(actual));
        assertEquals(String.join("\n", MetadataDigest.of(golden.path("kv"), key -> !key.equals(QUANTIZATION_VERSION))),
                String.join("\n", MetadataDigest.of(convertedMetadata(checkpoint))));
    }

    private static GgufMetadata convertedMetadata(Checkpoint checkpoint) throws IOException {
        return GgufConverter.convert(checkpoint, Optional.empty(), warning -> { }).metadata();
    }

    private static String lines(Map<String, String> map) {
        StringBuilder lines = new StringBuilder();
        map.forEach((key, value) -> lines.append(key).append(' ').append(value).append('\n'));
        return lines.toString();
    }
}
