package io.nightshift.formats.awq;

import io.nightshift.formats.architecture.Architectures;
import io.nightshift.formats.checkpoint.Checkpoint;
import io.nightshift.formats.layout.Item;
import io.nightshift.formats.layout.LaidOutFile;
import io.nightshift.formats.layout.GeneratedFile;
import io.nightshift.formats.safetensors.SafetensorsTensor;
import io.nightshift.formats.safetensors.SafetensorsType;
import io.nightshift.formats.storage.MemoryFolder;
import io.nightshift.kernels.GgmlType;
import io.nightshift.kernels.dequantize.Dequantizers;
import java.io.IOException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** An output folder, written in memory as a plan says, with plain rounding. */
public record WrittenFolder(AwqPlan plan, MemoryFolder folder, Map<String, QuantizedRows> integers) {
    /** Plans and writes. */
    public static WrittenFolder of(Checkpoint checkpoint, AwqOptions options, long maxShardSize) throws IOException {
        AwqPlan plan = plan(checkpoint, options, maxShardSize);
        MemoryFolder folder = new MemoryFolder("written", new TreeMap<>());
        Map<String, QuantizedRows> integers = new HashMap<>();
        for (LaidOutFile shard : plan.layout().files()) {
            byte[] file = Arrays.copyOf(shard.header(), Math.toIntExact(shard.length()));
            int next = shard.header().length;
            for (Item item : shard.items()) {
                if (position(item) != next) {
                    throw new AssertionError(item + " does not begin at " + next);
                }
                byte[] bytes = item instanceof Item.Gathered gathered
                        ? packed(checkpoint, (PackedLinear) gathered.packing(), integers)
                        : source(checkpoint, (Item.Copied) item);
                System.arraycopy(bytes, 0, file, next, bytes.length);
                next += bytes.length;
            }
            if (next != file.length) {
                throw new AssertionError(shard.name() + " has " + file.length + " bytes, but only " + next + " come");
            }
            folder.files().put(shard.name(), file);
        }
        for (GeneratedFile generated : plan.layout().generated()) {
            folder.files().put(generated.name(), generated.content());
        }
        return new WrittenFolder(plan, folder, integers);
    }

    /** A plan for plain rounding. */
    static AwqPlan plan(Checkpoint checkpoint, AwqOptions options, long maxShardSize) throws IOException {
        return AwqPlanner.plan(checkpoint, Architectures.convert(checkpoint), options, false, maxShardSize,
                Map.of("rounding", "nearest"), List.of());
    }

    static long position(Item item) {
        return item instanceof Item.Gathered gathered
                ? gathered.tensors().get(0).position()
                : ((Item.Copied) item).tensor().position();
    }

    private static byte[] source(Checkpoint checkpoint, Item.Copied item) throws IOException {
        byte[] bytes = new byte[Math.toIntExact(item.length())];
        checkpoint.folder().readFully(item.source().tensor().file(), item.sourcePosition(), bytes, 0, bytes.length);
        return bytes;
    }

    /** Packs in two blocks of different size, the later one first. */
    private static byte[] packed(Checkpoint checkpoint, PackedLinear unit, Map<String, QuantizedRows> integers)
            throws IOException {
        float[] weights = weights(checkpoint, unit);
        QuantizedRows rows = NearestRounding.quantize(weights, unit.outputs(), unit.inputs(), unit.groupSize(),
                unit.symmetric(), unit.scaleType());
        integers.put(unit.linear().module(), rows);
        int half = Math.max(8, unit.outputs() / 3 / 8 * 8);
        LinearPacker packer = new LinearPacker(unit);
        return packer.assemble(half >= unit.outputs()
                ? List.of(packer.pack(0, rows))
                : List.of(packer.pack(half, slice(rows, half, unit.outputs())), packer.pack(0, slice(rows, 0, half))));
    }

    static QuantizedRows slice(QuantizedRows rows, int from, int to) {
        return new QuantizedRows(to - from, rows.columns(), rows.groupSize(),
                Arrays.copyOfRange(rows.values(), from * rows.columns(), to * rows.columns()),
                Arrays.copyOfRange(rows.zeros(), from * rows.groups(), to * rows.groups()),
                Arrays.copyOfRange(rows.scales(), from * rows.groups(), to * rows.groups()));
    }

    private static float[] weights(Checkpoint checkpoint, PackedLinear unit) throws IOException {
        SafetensorsTensor tensor = unit.linear().source().tensor();
        int size = tensor.type().bits() / 8;
        int count = unit.outputs() * unit.inputs();
        byte[] bytes = new byte[count * size];
        long skipped = unit.linear().source().firstRow() * tensor.columns() * size;
        checkpoint.folder().readFully(tensor.file(), tensor.position() + skipped, bytes, 0, bytes.length);
        GgmlType type = tensor.type() == SafetensorsType.BF16 ? GgmlType.BF16
                : tensor.type() == SafetensorsType.F16 ? GgmlType.F16 : GgmlType.F32;
        float[] weights = new float[count];
        Dequantizers.of(type).dequantize(bytes, 0, weights, 0, count);
        return weights;
    }
}
