package io.nightshift.jobs.calibration;

import io.nightshift.formats.safetensors.SafetensorsLayout;
import io.nightshift.formats.safetensors.SafetensorsType;
import io.nightshift.formats.safetensors.TensorSpec;
import io.nightshift.formats.statistics.CalibrationManifest;
import io.nightshift.formats.statistics.StatisticsKind;
import io.nightshift.formats.statistics.StatisticsReader;
import io.nightshift.jobs.output.OutputFile;
import io.nightshift.jobs.output.Part;
import io.nightshift.kernels.linear.Gram;
import java.io.Serializable;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The file of a layer before it is written: first the header and the sums, which the driver has, then the blocks of the
 * Gram matrices, which tasks write part by part.
 */
final class LayerFile {
    private static final int BLOCK_BYTES = StatisticsCollector.BLOCK * StatisticsCollector.BLOCK * Float.BYTES;
    private static final long PART_BYTES = 16L << 20;

    private final String name;
    private final byte[] head;
    private final Blocks blocks;

    /**
     * Which block stands where.
     *
     * @param firstOfInput place of each input's first block among all blocks of the file
     * @param firstOfPart place of each part's first block
     * @param count number of blocks
     */
    record Blocks(Map<String, Integer> firstOfInput, int[] firstOfPart, int count) implements Serializable {
        int parts() {
            return firstOfPart.length;
        }

        int part(int place) {
            int part = Arrays.binarySearch(firstOfPart, place);
            return part >= 0 ? part : -part - 2;
        }

        int end(int part) {
            return part + 1 < firstOfPart.length ? firstOfPart[part + 1] : count;
        }
    }

    private LayerFile(String name, byte[] head, Blocks blocks) {
        this.name = name;
        this.head = head;
        this.blocks = blocks;
    }

    /**
     * Lays a file out.
     *
     * @param layer its index, -1 for the output matrix's input
     * @param inputs sums over all groups; those without tokens are left out
     */
    static LayerFile of(int layer, List<InputSums> inputs, StatisticsKind statistics) {
        String name = CalibrationManifest.layerFile(layer);
        List<InputSums> seen = inputs.stream().filter(input -> input.tokens() > 0).toList();
        List<TensorSpec> entries = new ArrayList<>();
        for (InputSums input : seen) {
            List<Long> channels = List.of((long) input.channels());
            entries.add(new TensorSpec(input.name() + StatisticsReader.SQUARES, SafetensorsType.F64, channels));
            entries.add(new TensorSpec(input.name() + StatisticsReader.ABSOLUTES, SafetensorsType.F64, channels));
        }
        Map<String, Integer> first = new LinkedHashMap<>();
        int count = 0;
        if (statistics == StatisticsKind.GRAM) {
            long size = StatisticsCollector.BLOCK;
            for (InputSums input : seen) {
                if (!input.hasGram()) {
                    continue;
                }
                int ofInput = Gram.blocks(input.channels(), StatisticsCollector.BLOCK);
                first.put(input.name(), count);
                count += ofInput;
                entries.add(new TensorSpec(
                        input.name() + StatisticsReader.GRAM,
                        SafetensorsType.F32,
                        List.of((long) ofInput, size, size)));
            }
        }
        Map<String, String> metadata = new TreeMap<>();
        metadata.put("format", CalibrationManifest.FORMAT);
        metadata.put("version", String.valueOf(CalibrationManifest.VERSION));
        SafetensorsLayout layout = SafetensorsLayout.of(name, metadata, entries);
        return new LayerFile(name, head(layout, seen), new Blocks(new LinkedHashMap<>(first), parts(count), count));
    }

    private static byte[] head(SafetensorsLayout layout, List<InputSums> inputs) {
        int bytes = layout.header().length;
        for (InputSums input : inputs) {
            bytes += 2 * input.channels() * Double.BYTES;
        }
        ByteBuffer head = ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN).put(layout.header());
        for (InputSums input : inputs) {
            for (double[] sums : List.of(input.squares(), input.absolutes())) {
                for (double sum : sums) {
                    head.putDouble(sum);
                }
            }
        }
        return head.array();
    }

    private static int[] parts(int blocks) {
        int perPart = (int) Math.max(PART_BYTES / BLOCK_BYTES, blocks / (OutputFile.MAX_PARTS - 1) + 1);
        int parts = Math.max(1, (blocks + perPart - 1) / perPart);
        int[] first = new int[parts];
        for (int i = 0; i < parts; i++) {
            first[i] = i * perPart;
        }
        return first;
    }

    String name() {
        return name;
    }

    /** The bytes before the first block. */
    byte[] head() {
        return head;
    }

    /** Which block stands where. */
    Blocks blocks() {
        return blocks;
    }

    long length() {
        return head.length + (long) blocks.count() * BLOCK_BYTES;
    }

    /** A part of the file; the head belongs to the first. */
    Part part(int index) {
        long from = index == 0 ? 0 : head.length + (long) blocks.firstOfPart()[index] * BLOCK_BYTES;
        long to = head.length + (long) blocks.end(index) * BLOCK_BYTES;
        return new Part(index, from, to - from);
    }
}
