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
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Conversions against the digests of what convert_hf_to_gguf.py --outtype auto wrote, for every checkpoint at hand. */
class GoldenConversionTest {
    private static final Path OUTSIDE = Path.of("../../shared/fixtures");
    private static final Path FAMILIES_OUTSIDE = Path.of("../../shared/families");
    private static final List<Path> FOLDERS =
            List.of(Path.of("src/test/resources/fixtures"), Path.of("src/test/resources/families"), OUTSIDE, FAMILIES_OUTSIDE);

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
                String.join("\n", MetadataDigest.of(convertedMetadata(checkpoint, golden.path("kv")))));
    }

    /** Cut tokenizers have no known hash: where the rule is not known either, the name is taken from the golden. */
    private static GgufMetadata convertedMetadata(Checkpoint checkpoint, JsonNode keys) throws IOException {
        Optional<String> preTokenizer = StreamSupport.stream(keys.spliterator(), false)
                .filter(entry -> entry.get(0).asText().equals("tokenizer.ggml.pre"))
                .map(entry -> entry.get(2).asText())
                .findFirst();
        boolean bytePair = checkpoint.folder().find("tokenizer.model").isEmpty();
        return GgufConverter.convert(checkpoint, Architectures.convert(checkpoint),
                bytePair ? preTokenizer : Optional.empty(), warning -> { }).metadata();
    }

    private static String lines(Map<String, String> map) {
        StringBuilder lines = new StringBuilder();
        map.forEach((key, value) -> lines.append(key).append(' ').append(value).append('\n'));
        return lines.toString();
    }
}
