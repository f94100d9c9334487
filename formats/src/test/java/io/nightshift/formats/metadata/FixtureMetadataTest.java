package io.nightshift.formats.metadata;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.nightshift.formats.architecture.Architectures;
import io.nightshift.formats.checkpoint.Checkpoint;
import io.nightshift.formats.conversion.GgufConverter;
import io.nightshift.formats.storage.LocalFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * All metadata of the fixtures, in order, against the golden digests of their conversion. The quantization version is
 * not there yet: quantizing puts it last.
 */
class FixtureMetadataTest {
    private static final List<Path> FOLDERS = List.of(
            Path.of("src/test/resources/fixtures"), Path.of("../shared/fixtures"), Path.of("../../shared/fixtures"));

    @ParameterizedTest
    @ValueSource(strings = {"llama-spm", "mixtral-moe", "qwen2-bpe"})
    void writesTheMetadataOfTheConverter(String name) throws IOException {
        Optional<Path> fixtures = FOLDERS.stream()
                .filter(folder -> Files.isDirectory(folder.resolve(name)))
                .findFirst();
        assumeTrue(fixtures.isPresent(), "skipped: there is no folder shared/fixtures/" + name + " beside the project");
        JsonNode golden = new ObjectMapper().readTree(fixtures.get().resolve(name + ".json").toFile());
        Checkpoint checkpoint = Checkpoint.open(new LocalFolder(fixtures.get().resolve(name)));
        List<String> warnings = new ArrayList<>();
        assertEquals(
                String.join(
                        "\n",
                        MetadataDigest.of(
                                golden.path("convert_auto").path("kv"),
                                key -> !key.equals("general.quantization_version"))),
                String.join(
                        "\n",
                        MetadataDigest.of(GgufConverter.convert(
                                checkpoint, Architectures.convert(checkpoint), Optional.empty(), warnings::add).metadata())));
        assertEquals(List.of(), warnings);
    }
}
