package io.nightshift.jobs.quantize;

import io.nightshift.formats.layout.Item;
import io.nightshift.formats.layout.LaidOutFile;
import io.nightshift.formats.layout.OutputLayout;
import io.nightshift.formats.safetensors.SafetensorsHeader;
import io.nightshift.formats.safetensors.SafetensorsTensor;
import io.nightshift.formats.storage.ModelFolder;
import io.nightshift.formats.storage.StoredFile;
import io.nightshift.jobs.storage.FolderReference;
import io.nightshift.jobs.storage.HadoopSettings;
import io.nightshift.jobs.tasks.TaskRun;
import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaSparkContext;

/**
 * Reads the committed files of a folder back: they hold the tensors that were planned, all scales are finite, and of each
 * block of a gathered layer's rows the first and the last one are what was meant. Only then the folder becomes loadable.
 * (A file that is an output of its own is compared with what was planned when it is committed.)
 */
final class VerifyPhase {
    private VerifyPhase() {}

    /** A layer, and what its blocks must be. */
    private record Expected(Item.Gathered layer, String file, List<RoundedBlock.Summary> blocks) implements Serializable {}

    /**
     * Verifies a folder.
     *
     * @param blocks of all gathered layers
     * @throws IOException if it is not what was meant; the message names the layer
     */
    static void run(JavaSparkContext spark, OutputWriter writer, OutputLayout layout, List<RoundedBlock.Summary> blocks,
            HadoopSettings settings) throws IOException {
        FolderReference output = FolderReference.find(writer.location(), settings);
        requirePlanned(output.open(), layout);
        Map<String, List<RoundedBlock.Summary>> byModule =
                blocks.stream().collect(Collectors.groupingBy(RoundedBlock.Summary::module));
        List<Expected> expected = new ArrayList<>();
        for (LaidOutFile file : layout.files()) {
            for (Item item : file.items()) {
                if (item instanceof Item.Gathered layer) {
                    List<RoundedBlock.Summary> ofLayer = new ArrayList<>(byModule.get(layer.name()));
                    ofLayer.sort(Comparator.comparing(RoundedBlock.Summary::from));
                    expected.add(new Expected(layer, file.name(), ofLayer));
                }
            }
        }
        new TaskRun(spark, "verifying " + layout.name()).each(expected, layer -> {
            verify(layer, output.open());
            return layer.layer().name();
        });
    }

    /** The index is not there yet, so that files are read by themselves. */
    private static void requirePlanned(ModelFolder output, OutputLayout layout) throws IOException {
        for (LaidOutFile laidOut : layout.files()) {
            StoredFile file = output.find(laidOut.name()).orElseThrow(() -> new IOException(
                    output.location() + "/" + laidOut.name() + " is missing after it was committed; run again"));
            Set<SafetensorsTensor> planned = new HashSet<>();
            for (Item item : laidOut.items()) {
                if (item instanceof Item.Gathered gathered) {
                    planned.addAll(gathered.tensors());
                } else if (item instanceof Item.Copied copied) {
                    planned.add(copied.tensor());
                }
            }
            if (!new HashSet<>(SafetensorsHeader.read(output, file)).equals(planned)) {
                throw new IOException(output.location() + "/" + laidOut.name()
                        + ": the committed file does not hold the tensors that were planned; run again");
            }
        }
    }

    private static void verify(Expected expected, ModelFolder output) throws IOException {
        int[] rows = expected.blocks().stream()
                .flatMapToInt(block -> IntStream.of(block.from(), block.from() + block.rows() - 1))
                .toArray();
        float[][] read = expected.layer().packing().read(output, rows);
        for (int i = 0; i < expected.blocks().size(); i++) {
            RoundedBlock.Summary block = expected.blocks().get(i);
            if (new RowChecksum().add(read[2 * i]).add(read[2 * i + 1]).value() != block.checksum()) {
                throw new IOException(output.location() + "/" + expected.file() + ": " + block.module() + ", rows "
                        + block.from() + " to " + (block.from() + block.rows()) + " are not what was written; run again");
            }
        }
    }
}
