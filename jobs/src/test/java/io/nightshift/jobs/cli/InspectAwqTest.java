package io.nightshift.jobs.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.nightshift.formats.architecture.Architectures;
import io.nightshift.formats.awq.AwqFormat;
import io.nightshift.formats.awq.AwqOptions;
import io.nightshift.formats.awq.AwqPlan;
import io.nightshift.formats.awq.AwqPlanner;
import io.nightshift.formats.checkpoint.Checkpoint;
import io.nightshift.formats.layout.GeneratedFile;
import io.nightshift.formats.safetensors.SafetensorsLayout;
import io.nightshift.formats.storage.LocalFolder;
import io.nightshift.jobs.testing.CommandRun;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class InspectAwqTest {
    @ParameterizedTest
    @EnumSource
    void quantizedLayersAreShownWithTheShapeOfTheirWeights(AwqFormat format, @TempDir Path folder) throws IOException {
        Checkpoint checkpoint = Checkpoint.open(new LocalFolder(Path.of("../samples/tiny-llama")));
        AwqPlan plan = AwqPlanner.plan(checkpoint, Architectures.convert(checkpoint),
                new AwqOptions(format, 64, false, List.of()), false, 1 << 20, Map.of(), List.of());
        for (SafetensorsLayout shard : plan.shards()) {
            // Headers are all that inspect reads.
            Files.write(folder.resolve(shard.file()), Arrays.copyOf(shard.header(), (int) shard.length()));
        }
        for (GeneratedFile file : plan.layout().generated()) {
            Files.write(folder.resolve(file.name()), file.content());
        }
        CommandRun run = CommandRun.of("inspect", folder.toString(), "--json");
        assertEquals(0, run.exitCode(), run.err());
        JsonNode json = new ObjectMapper().readTree(run.out());
        assertEquals(format == AwqFormat.GEMM ? "awq" : "compressed-tensors",
                json.get("metadata").get("quantization_config.quant_method").asText());
        JsonNode down = null;
        for (JsonNode tensor : json.get("tensors")) {
            down = tensor.get("name").asText().equals("model.layers.3.mlp.down_proj.weight") ? tensor : down;
        }
        assertEquals("[256,768]", down.get("shape").toString());
        assertEquals("4-bit/64", down.get("type").asText());
        assertEquals(4 + 20.0 / 64, down.get("bitsPerWeight").asDouble(), 0.01);
        String table = CommandRun.of("inspect", folder.toString()).out();
        assertTrue(table.contains("model.embed_tokens.weight") && !table.contains("qweight"), table);
    }
}
