package io.nightshift.formats.exl2;

import io.nightshift.formats.architecture.LinearLayer;
import io.nightshift.formats.layout.PackedRows;
import io.nightshift.formats.layout.RowPacking;
import io.nightshift.formats.safetensors.SafetensorsTensor;
import io.nightshift.formats.storage.ModelFolder;
import io.nightshift.kernels.encoding.EncodedRows;
import io.nightshift.kernels.exl2.Exl2Rows;
import io.nightshift.kernels.exl2.PackedLinear;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * A linear layer's tensors. Values and scales are transposed, so that blocks of rows are put together; the permutation, the
 * table of groups and the maxima are the same in every block.
 *
 * @param linear what they are made of
 * @param tensors those of {@link Exl2Tensor}, in its order
 */
record Exl2Packing(LinearLayer linear, List<SafetensorsTensor> tensors) implements RowPacking {
    /** Tensors of which each block has some columns; of the others it has all. */
    private static final int TRANSPOSED = 2;

    @Override
    public int granule() {
        return PackedLinear.OUTPUTS;
    }

    @Override
    public PackedRows pack(int from, EncodedRows encoded) {
        Exl2Rows rows = (Exl2Rows) encoded;
        int outputs = Math.toIntExact(PackedLinear.paddedOutputs(rows.rows()));
        int groups = rows.layout().groups().size();
        // Padding is zero steps of the smallest scale.
        byte[] levels = Arrays.copyOf(rows.levels(), outputs * rows.columns());
        byte[] codes = Arrays.copyOf(rows.codes(), outputs * groups);
        byte[] values = new byte[rows.layout().packedRows() * outputs * Integer.BYTES];
        PackedLinear.packWeights(rows.layout(), rows.order(), levels, 0, outputs, values, 0, outputs * Integer.BYTES);
        byte[] scales = new byte[groups * outputs / 2];
        PackedLinear.packScales(codes, 0, outputs, groups, scales, 0, outputs / 2);
        return new PackedRows(from, rows.rows(), List.of(values, scales,
                bytes(PackedLinear.inverse(rows.order())), bytes(rows.layout().table()), bytes(rows.maxima())));
    }

    private static byte[] bytes(int[] words) {
        ByteBuffer bytes = ByteBuffer.allocate(words.length * Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asIntBuffer().put(words);
        return bytes.array();
    }

    private static byte[] bytes(short[] halves) {
        ByteBuffer bytes = ByteBuffer.allocate(halves.length * Short.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asShortBuffer().put(halves);
        return bytes.array();
    }

    @Override
    public byte[] assemble(List<PackedRows> blocks) {
        List<PackedRows> sorted = new ArrayList<>(blocks);
        sorted.sort(Comparator.comparing(PackedRows::from));
        int next = 0;
        for (PackedRows block : sorted) {
            if (block.from() != next || block.rows() < 1) {
                throw new IllegalArgumentException(linear.module() + ": row " + next + " is missing or there twice");
            }
            next += block.rows();
        }
        if (next != linear.outputs()) {
            throw new IllegalArgumentException(linear.module() + ": " + next + " of " + linear.outputs() + " rows");
        }
        byte[] bytes = new byte[Math.toIntExact(tensors.stream().mapToLong(SafetensorsTensor::length).sum())];
        int at = 0;
        for (int kind = 0; kind < tensors.size(); kind++) {
            for (PackedRows block : sorted) {
                put(kind, block, sorted.get(0), bytes, at);
            }
            at += Math.toIntExact(tensors.get(kind).length());
        }
        return bytes;
    }

    private void put(int kind, PackedRows block, PackedRows first, byte[] bytes, int at) {
        byte[] part = block.parts().get(kind);
        if (kind >= TRANSPOSED) {
            if (!Arrays.equals(part, first.parts().get(kind))) {
                throw new IllegalArgumentException(linear.module() + ": blocks of rows were settled differently");
            }
            System.arraycopy(part, 0, bytes, at, part.length);
            return;
        }
        SafetensorsTensor tensor = tensors.get(kind);
        int rows = Math.toIntExact(tensor.rows());
        int rowBytes = Math.toIntExact(tensor.length() / rows);
        int partBytes = part.length / rows;
        int column = Math.toIntExact(rowBytes * (long) block.from() / PackedLinear.paddedOutputs(linear.outputs()));
        for (int row = 0; row < rows; row++) {
            System.arraycopy(part, row * partBytes, bytes, at + row * rowBytes + column, partBytes);
        }
    }

    @Override
    public float[][] read(ModelFolder output, int[] rows) throws IOException {
        return new Exl2Reader(output).dequantize(Exl2Linear.of(linear.module(), tensors), rows);
    }
}
