package io.nightshift.formats.safetensors;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.nightshift.formats.checkpoint.Checkpoint;
import io.nightshift.formats.storage.MemoryFolder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class ShardedLayoutTest {
    private static final TensorSpec A = new TensorSpec("a", SafetensorsType.F32, List.of(3L, 4L));
    private static final TensorSpec B = new TensorSpec("b", SafetensorsType.BF16, List.of(5L));
    private static final TensorSpec C = new TensorSpec("c", SafetensorsType.I64, List.of(2L));
    private static final TensorSpec SCALAR = new TensorSpec("scalar \"of\" é", SafetensorsType.F16, List.of());

    @Test
    void whatIsLaidOutIsReadBack() throws IOException {
        List<SafetensorsLayout> shards =
                ShardedLayout.shards(List.of(List.of(A), List.of(SCALAR), List.of(C)), 1000, Map.of("format", "pt"));
        assertEquals(1, shards.size());
        assertEquals("model.safetensors", shards.get(0).file());
        assertEquals(48 + 2 + 16, shards.get(0).length() - shards.get(0).header().length);
        MemoryFolder folder = written(shards);
        assertEquals(sorted(shards.get(0).tensors()), SafetensorsHeader.read(folder, folder.list().get(0)));
        assertTrue(ShardedLayout.index(shards).isEmpty());
    }

    @Test
    void headersArePaddedAndHoldTheMetadata() throws IOException {
        byte[] header = ShardedLayout.shards(List.of(List.of(A)), 1000, Map.of("format", "pt")).get(0).header();
        assertEquals(0, header.length % 8);
        assertEquals(header.length - 8, ByteBuffer.wrap(header).order(ByteOrder.LITTLE_ENDIAN).getLong());
        JsonNode json = new ObjectMapper().readTree(Arrays.copyOfRange(header, 8, header.length));
        assertEquals("{\"format\":\"pt\"}", json.get("__metadata__").toString());
    }

    @Test
    void runsWithOddLengthsComeLastAndStayTogether() {
        List<SafetensorsTensor> tensors = ShardedLayout.shards(
                List.of(List.of(B), List.of(C, SCALAR), List.of(A)), 1000, Map.of()).get(0).tensors();
        assertEquals(List.of("a", "b", "c", SCALAR.name()), tensors.stream().map(SafetensorsTensor::name).toList());
        assertEquals(0, tensors.get(0).position() % 8);
    }

    @Test
    void shardsAreBoundedNumberedAndIndexed() throws IOException {
        List<List<TensorSpec>> runs = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            runs.add(List.of(new TensorSpec("t" + i, SafetensorsType.U8, List.of(1L + 37 * i % 100))));
        }
        runs.add(List.of(new TensorSpec("large", SafetensorsType.U8, List.of(500L))));
        List<SafetensorsLayout> shards = ShardedLayout.shards(runs, 200, Map.of());
        for (int i = 0; i < shards.size(); i++) {
            SafetensorsLayout shard = shards.get(i);
            assertEquals("model-%05d-of-%05d.safetensors".formatted(i + 1, shards.size()), shard.file());
            long bytes = shard.length() - shard.header().length;
            assertTrue(bytes <= 200 || shard.tensors().size() == 1, shard.file() + " has " + bytes + " bytes");
        }
        JsonNode index = new ObjectMapper().readTree(ShardedLayout.index(shards).orElseThrow());
        assertEquals(51, index.get("weight_map").size());
        assertEquals(runs.stream().flatMap(List::stream).mapToLong(TensorSpec::bytes).sum(),
                index.get("metadata").get("total_size").asLong());
        MemoryFolder folder = written(shards);
        folder.files().put(ShardedLayout.INDEX, ShardedLayout.index(shards).orElseThrow());
        assertEquals(51, Checkpoint.readTensors(folder).size());
    }

    @Test
    void namesMustDiffer() {
        assertThrows(IllegalArgumentException.class,
                () -> ShardedLayout.shards(List.of(List.of(A), List.of(A)), 1000, Map.of()));
    }

    private static MemoryFolder written(List<SafetensorsLayout> shards) {
        MemoryFolder folder = new MemoryFolder("out", new TreeMap<>());
        for (SafetensorsLayout shard : shards) {
            folder.files().put(shard.file(), Arrays.copyOf(shard.header(), Math.toIntExact(shard.length())));
        }
        return folder;
    }

    private static List<SafetensorsTensor> sorted(List<SafetensorsTensor> tensors) {
        return tensors.stream().sorted(Comparator.comparing(SafetensorsTensor::name)).toList();
    }
}
