package io.nightshift.formats.metadata;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.nightshift.formats.gguf.GgufMetadata;
import io.nightshift.formats.modelcard.GeneralMetadata;
import io.nightshift.formats.modelcard.ParameterCounts;
import io.nightshift.formats.storage.ModelFolder;
import io.nightshift.formats.tokenizer.TokenizerMetadata;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The general and tokenizer keys of the fixtures, against the golden digests of their conversion. */
class FixtureMetadataTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    @ParameterizedTest
    @ValueSource(strings = {"llama-spm", "mixtral-moe", "qwen2-bpe"})
    void writesTheKeysOfTheConverter(String name) throws IOException {
        Path fixtures = fixtures(name);
        JsonNode golden = JSON.readTree(fixtures.resolve(name + ".json").toFile()).path("convert_auto");
        ModelFolder folder = new DiskFolder(fixtures.resolve(name), name);
        GgufMetadata metadata = new GgufMetadata();
        List<String> warnings = new ArrayList<>();

        GeneralMetadata.append(folder, parameters(golden.path("tensors")), metadata, warnings::add);
        String architecture = golden.path("kv").get(0).get(2).asText();
        int rows = JSON.readTree(folder.read("config.json")).path("vocab_size").intValue();
        TokenizerMetadata.append(
                folder, architecture, OptionalInt.of(rows), Optional.empty(), metadata, warnings::add);

        assertEquals(
                String.join("\n", MetadataDigest.of(golden.path("kv"), FixtureMetadataTest::isOurs)),
                String.join("\n", MetadataDigest.of(metadata)));
        assertEquals(List.of(), warnings);
    }

    private static boolean isOurs(String key) {
        return key.startsWith("tokenizer.")
                || key.startsWith("general.")
                        && !List.of("general.architecture", "general.file_type", "general.quantization_version")
                                .contains(key);
    }

    private static ParameterCounts parameters(JsonNode tensors) {
        long total = 0;
        long perExpert = 0;
        int experts = 0;
        for (JsonNode tensor : tensors) {
            long size = 1;
            for (JsonNode dimension : tensor.get(2)) {
                size *= dimension.asLong();
            }
            total += size;
            if (tensor.get(0).asText().contains("_exps.")) {
                experts = tensor.get(2).get(2).asInt();
                perExpert += size / experts;
            }
        }
        return new ParameterCounts(total, total - perExpert * experts, perExpert, experts);
    }

    private static Path fixtures(String name) {
        for (Path folder = Path.of("").toAbsolutePath(); folder != null; folder = folder.getParent()) {
            if (Files.isDirectory(folder.resolve("shared/fixtures").resolve(name))) {
                return folder.resolve("shared/fixtures");
            }
        }
        assumeTrue(false, "skipped, for there is no folder shared/fixtures/" + name + " above this one");
        return null;
    }
}
