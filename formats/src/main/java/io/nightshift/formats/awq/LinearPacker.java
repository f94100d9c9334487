package io.nightshift.formats.awq;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.layout.PackedRows;
import io.nightshift.formats.safetensors.SafetensorsTensor;
import io.nightshift.kernels.HalfFloat;
import io.nightshift.kernels.pack.NibbleOrder;
import io.nightshift.kernels.pack.PackedNibbles;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Makes the bytes of one linear layer of an AWQ folder. Blocks of rows are packed on their own, in any task, and put
 * together once: the layouts are transposed, so that no block of rows is a range of the file.
 */
public final class LinearPacker {
    private final PackedLinear unit;
    private final List<AwqTensor> kinds;

    public LinearPacker(PackedLinear unit) {
        this.unit = unit;
        this.kinds = AwqTensor.of(unit.format(), unit.symmetric());
    }

    /**
     * Packs a block of rows.
     *
     * @param from number of the first row, a multiple of 8
     * @param rows a multiple of 8 of them
     * @throws InvalidModelException if a scale is infinite or not a number; the message names the layer and the row
     * @throws IllegalArgumentException if the rows are not of this layer, a scale is none of the scale type, a zero
     *     point of a symmetric layer is not 8, or a value is not from 0 to 15
     */
    public PackedRows pack(int from, QuantizedRows rows) {
        if (rows.columns() != unit.inputs() || rows.groupSize() != unit.groupSize()
                || from < 0 || from % 8 != 0 || rows.rows() % 8 != 0 || from + rows.rows() > unit.outputs()) {
            throw new IllegalArgumentException(unit.linear().module() + ": rows " + from + " to " + (from + rows.rows())
                    + " of " + rows.columns() + " weights in groups of " + rows.groupSize()
                    + " are not those of a layer of " + unit.outputs() + " outputs, " + unit.inputs()
                    + " inputs and groups of " + unit.groupSize());
        }
        requireSymmetric(rows);
        List<byte[]> parts = new ArrayList<>();
        for (AwqTensor kind : kinds) {
            parts.add(part(kind, from, rows));
        }
        return new PackedRows(from, rows.rows(), parts);
    }

    private void requireSymmetric(QuantizedRows rows) {
        if (unit.symmetric()) {
            for (byte zero : rows.zeros()) {
                if (zero != AwqOptions.SYMMETRIC_ZERO) {
                    throw new IllegalArgumentException(
                            unit.linear().module() + ": is symmetric, but has a zero point of " + zero);
                }
            }
        }
    }

    private byte[] part(AwqTensor kind, int from, QuantizedRows rows) {
        int words = rows.rows() / 8 * 4;
        int groups = rows.groups();
        return switch (kind) {
            case QWEIGHT -> along(rows.values(), rows.rows(), rows.columns(), NibbleOrder.INTERLEAVED, 4, words);
            case QZEROS -> along(rows.zeros(), rows.rows(), groups, NibbleOrder.INTERLEAVED, 4, words);
            case SCALES -> scales(from, rows, true);
            case WEIGHT_PACKED -> {
                byte[] packed = new byte[Math.toIntExact(rows.values().length / 2L)];
                PackedNibbles.packAlongRow(rows.values(), 0, rows.values().length, packed, 0);
                yield packed;
            }
            case WEIGHT_SHAPE -> new byte[0];
            case WEIGHT_SCALE -> scales(from, rows, false);
            case WEIGHT_ZERO_POINT -> along(rows.zeros(), rows.rows(), groups, NibbleOrder.SEQUENTIAL, 4 * groups, 4);
        };
    }

    private static byte[] along(
            byte[] values, int rows, int columns, NibbleOrder order, int rowStride, int columnStride) {
        byte[] words = new byte[values.length / 2];
        PackedNibbles.packAlongColumn(values, rows, columns, order, words, 0, rowStride, columnStride);
        return words;
    }

    private byte[] scales(int from, QuantizedRows rows, boolean transposed) {
        int groups = rows.groups();
        int bytes = unit.scaleType().bits() / 8;
        ByteBuffer block = ByteBuffer.allocate(rows.scales().length * bytes).order(ByteOrder.LITTLE_ENDIAN);
        for (int row = 0; row < rows.rows(); row++) {
            for (int group = 0; group < groups; group++) {
                float scale = rows.scales()[row * groups + group];
                put(block, (transposed ? group * rows.rows() + row : row * groups + group) * bytes, scale, from + row);
            }
        }
        return block.array();
    }

    private void put(ByteBuffer block, int at, float scale, int row) {
        if (!Float.isFinite(scale)) {
            throw new InvalidModelException(unit.linear().weight() + ": a scale of row " + row + " is " + scale
                    + ": is the checkpoint damaged?");
        }
        float stored = switch (unit.scaleType()) {
            case F16 -> {
                short half = HalfFloat.fromFloat(scale);
                block.putShort(at, half);
                yield HalfFloat.toFloat(half);
            }
            case BF16 -> {
                block.putShort(at, (short) (Float.floatToRawIntBits(scale) >>> 16));
                yield Float.intBitsToFloat(Float.floatToRawIntBits(scale) & 0xffff0000);
            }
            default -> {
                block.putFloat(at, scale);
                yield scale;
            }
        };
        if (stored != scale) {
            throw new IllegalArgumentException(unit.linear().weight() + ": the scale " + scale + " of row " + row
                    + " is not rounded to " + unit.scaleType());
        }
    }

    /**
     * Puts blocks together.
     *
     * @param blocks of all rows, in any order
     * @return the layer's bytes as they lie in the shard
     * @throws IllegalArgumentException if a row is missing or there twice
     */
    public byte[] assemble(List<PackedRows> blocks) {
        byte[] bytes = new byte[Math.toIntExact(unit.length())];
        int next = 0;
        List<PackedRows> sorted = new ArrayList<>(blocks);
        sorted.sort(Comparator.comparingInt(PackedRows::from));
        for (PackedRows block : sorted) {
            if (block.from() != next) {
                throw new IllegalArgumentException(unit.linear().module() + ": row " + Math.min(block.from(), next)
                        + (block.from() < next ? " is there twice" : " to " + block.from() + " are missing"));
            }
            next += block.rows();
        }
        if (next != unit.outputs()) {
            throw new IllegalArgumentException(
                    unit.linear().module() + ": has " + next + " rows of " + unit.outputs());
        }
        for (int i = 0; i < kinds.size(); i++) {
            SafetensorsTensor tensor = unit.tensors().get(i);
            int at = Math.toIntExact(tensor.position() - unit.tensors().get(0).position());
            if (kinds.get(i) == AwqTensor.WEIGHT_SHAPE) {
                ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN)
                        .putLong(at, unit.outputs()).putLong(at + Long.BYTES, unit.inputs());
                continue;
            }
            int runs = kinds.get(i).runs(unit.inputs(), unit.groups());
            int run = Math.toIntExact(tensor.length() / runs);
            for (PackedRows block : sorted) {
                place(block, block.parts().get(i), runs, bytes, at, run);
            }
        }
        return bytes;
    }

    /** Copies a block's share of each run of the tensor. */
    private void place(PackedRows block, byte[] part, int runs, byte[] bytes, int at, int run) {
        int share = part.length / runs;
        int offset = Math.toIntExact((long) block.from() * run / unit.outputs());
        for (int i = 0; i < runs; i++) {
            System.arraycopy(part, i * share, bytes, at + i * run + offset, share);
        }
    }
}
