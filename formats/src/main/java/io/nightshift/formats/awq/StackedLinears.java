package io.nightshift.formats.awq;

import io.nightshift.formats.layout.PackedRows;
import io.nightshift.formats.layout.RowPacking;
import io.nightshift.formats.storage.ModelFolder;
import io.nightshift.kernels.encoding.EncodedRows;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A linear layer whose rows loaders know as those of several, one behind the other: gate and up projection of an expert.
 *
 * @param layers of the same shape
 */
record StackedLinears(List<PackedLinear> layers) implements RowPacking {
    private static final PackedRows NOTHING = new PackedRows(0, 0, List.of());

    @Override
    public int granule() {
        return layers.get(0).granule();
    }

    private int outputs() {
        return layers.get(0).outputs();
    }

    @Override
    public PackedRows pack(int from, EncodedRows rows) {
        QuantizedRows all = layers.get(0).quantized(rows);
        List<byte[]> parts = new ArrayList<>();
        for (int i = 0; i < layers.size(); i++) {
            int first = Math.max(from, i * outputs());
            int end = Math.min(from + all.rows(), (i + 1) * outputs());
            if (first < end) {
                parts.addAll(layers.get(i).pack(first - i * outputs(), all.rows(first - from, end - from)).parts());
            }
        }
        return new PackedRows(from, all.rows(), parts);
    }

    @Override
    public byte[] assemble(List<PackedRows> blocks) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (int i = 0; i < layers.size(); i++) {
            List<PackedRows> own = new ArrayList<>();
            for (PackedRows block : blocks) {
                PackedRows part = part(block, i);
                if (part.rows() > 0) {
                    own.add(part);
                }
            }
            bytes.writeBytes(layers.get(i).assemble(own));
        }
        return bytes.toByteArray();
    }

    /** What a block holds of a layer; parts are there of layers of which it holds rows. */
    private PackedRows part(PackedRows block, int layer) {
        int firstLayer = block.from() / outputs();
        int lastLayer = (block.from() + block.rows() - 1) / outputs();
        if (layer < firstLayer || layer > lastLayer) {
            return NOTHING;
        }
        int kinds = block.parts().size() / (lastLayer - firstLayer + 1);
        int first = Math.max(block.from(), layer * outputs());
        int end = Math.min(block.from() + block.rows(), (layer + 1) * outputs());
        return new PackedRows(first - layer * outputs(), end - first,
                block.parts().subList((layer - firstLayer) * kinds, (layer - firstLayer + 1) * kinds));
    }

    @Override
    public float[][] read(ModelFolder output, int[] rows) throws IOException {
        float[][] values = new float[rows.length][];
        for (int i = 0; i < layers.size(); i++) {
            int first = i * outputs();
            int[] own = Arrays.stream(rows)
                    .filter(row -> row / outputs() * outputs() == first)
                    .map(row -> row - first)
                    .toArray();
            if (own.length > 0) {
                float[][] read = layers.get(i).read(output, own);
                int at = (int) Arrays.stream(rows).filter(row -> row < first).count();
                System.arraycopy(read, 0, values, at, own.length);
            }
        }
        return values;
    }
}
