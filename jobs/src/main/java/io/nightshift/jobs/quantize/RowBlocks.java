package io.nightshift.jobs.quantize;

import io.nightshift.formats.layout.Item;
import io.nightshift.kernels.encoding.RowEncoding;
import java.util.ArrayList;
import java.util.List;

/** Cuts gathered linear layers into blocks of rows. The cut does not depend on the cluster. */
final class RowBlocks {
    /** Weights of a block, about. */
    private static final int WEIGHTS = 4 << 20;

    /** Rows that kernels work on at once. */
    private static final int ROWS = 64;

    private RowBlocks() {}

    /**
     * The blocks of a layer.
     *
     * @param encoding of its rows
     * @param part the piece that writes the layer's bytes
     */
    static List<RowBlock> of(Item.Gathered layer, RowEncoding encoding, Treatment treatment, int part) {
        int outputs = Math.toIntExact(layer.linear().outputs());
        int inputs = Math.toIntExact(layer.linear().inputs());
        int granule = Math.max(ROWS, layer.packing().granule());
        int rows = Math.max(granule, WEIGHTS / inputs / granule * granule);
        List<RowBlock> blocks = new ArrayList<>();
        for (int from = 0; from < outputs; from += rows) {
            blocks.add(new RowBlock(layer, encoding, from, Math.min(outputs, from + rows), treatment, part));
        }
        return blocks;
    }
}
