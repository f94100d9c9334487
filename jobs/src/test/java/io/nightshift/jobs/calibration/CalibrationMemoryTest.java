package io.nightshift.jobs.calibration;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.nightshift.formats.forward.DecoderLayer;
import io.nightshift.formats.statistics.StatisticsKind;
import io.nightshift.jobs.forward.HiddenStates;
import io.nightshift.jobs.storage.HadoopSettings;
import io.nightshift.jobs.testing.Fixtures;
import io.nightshift.jobs.testing.LiveObjects;
import io.nightshift.jobs.testing.SparkCluster;
import io.nightshift.jobs.testing.SyntheticCheckpoint;
import io.nightshift.jobs.testing.Texts;
import io.nightshift.jobs.text.Packing;
import io.nightshift.jobs.text.TextData;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.spark.MapOutputTrackerMaster;
import org.apache.spark.SparkEnv;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a pass holds, in memory and on disk, is that of a layer, whatever the number of layers. */
class CalibrationMemoryTest {
    private static final int LAYERS = 18;
    private static final int GROUPS = 4;

    /** Attention's input and output 64 channels, and as many before gate and up; 320 before down: blocks of 256. */
    private static final int BLOCKS_A_LAYER = 3 + 3;

    @TempDir
    Path folder;

    @Test
    void holdsWhatBelongsToOneLayerHoweverManyThereAre() throws IOException {
        Path model = folder.resolve("model");
        SyntheticCheckpoint.write(model, Map.of(
                "hidden", "64", "ffn", "320", "layers", String.valueOf(LAYERS), "heads", "4", "kv-heads", "2",
                "tokenizer", "../samples/tiny-llama"));
        Path text = Texts.write(folder.resolve("text.txt"), Texts.document(1, 400));
        Path work = folder.resolve("work");
        Map<Integer, Integer> checkpoints = new TreeMap<>();
        try (JavaSparkContext spark = SparkCluster.local(2, Map.of())) {
            CalibrateProgress progress = new CalibrateProgress() {
                @Override
                public void layer(int layer, int layers, long tokens, double seconds) {
                    assertEquals(1, spark.getPersistentRDDs().size(), "persisted after layer " + layer);
                    assertEquals(0, shuffles(), "shuffles after layer " + layer);
                    checkpoints.put(layer, checkpoints(work).size());
                    if (layer % 4 == 3) {
                        assertBounded(layer);
                    }
                }
            };
            CalibrateRequest request = new CalibrateRequest(
                    model.toString(),
                    folder.resolve("out").toString(),
                    Optional.of(work.toString()),
                    new CalibrationOptions(
                            new TextData(List.of(text.toString()), "text", OptionalLong.empty()), Packing.DOCUMENTS,
                            OptionalInt.of(8), 32, GROUPS, StatisticsKind.GRAM, 1, false),
                    Optional.empty(),
                    false);
            CalibrateResult result = CalibrateJob.plan(
                    request, HadoopSettings.of(spark.hadoopConfiguration()), progress).run(spark);
            assertEquals(LAYERS + 1, result.layers().size());
            // The last step reads the norm alone, not the output matrix.
            assertEquals(64 * Float.BYTES, result.layers().get(LAYERS).bytesRead());
        }
        // The first checkpoint comes after eight layers, and there is never more than one.
        assertEquals(0, checkpoints.get(6));
        assertEquals(Set.of(1), Set.copyOf(new TreeMap<>(checkpoints).tailMap(7).values()));
        assertEquals(List.of(), Fixtures.files(work));
    }

    private static void assertBounded(int layer) {
        Map<Class<?>, Long> live = LiveObjects.count(
                DecoderLayer.class, LayerOutput.GramBlock.class, HiddenStates.class, LayerOutput.Summary.class);
        assertTrue(live.get(DecoderLayer.class) > 0 && live.get(DecoderLayer.class) <= 2, layer + ": " + live);
        // Spark drops the blocks of the layer that was done in the background, so that they may still be there.
        assertTrue(live.get(LayerOutput.GramBlock.class) <= GROUPS * BLOCKS_A_LAYER, layer + ": " + live);
        assertTrue(live.get(HiddenStates.class) <= 3 * GROUPS, layer + ": " + live);
        assertTrue(live.get(LayerOutput.Summary.class) <= 2 * GROUPS, layer + ": " + live);
    }

    private static int shuffles() {
        return ((MapOutputTrackerMaster) SparkEnv.get().mapOutputTracker()).shuffleStatuses().size();
    }

    /** A folder for each time that states were stored. */
    private static Set<String> checkpoints(Path work) {
        try {
            return Fixtures.files(work).stream()
                    .map(file -> file.getParent().getFileName().toString())
                    .filter(name -> name.startsWith("states-"))
                    .collect(Collectors.toSet());
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
