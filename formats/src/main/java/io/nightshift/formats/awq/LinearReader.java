package io.nightshift.formats.awq;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.architecture.SourceFloats;
import io.nightshift.formats.safetensors.SafetensorsTensor;
import io.nightshift.formats.storage.ModelFolder;
import io.nightshift.kernels.pack.GroupedIntegers;
import io.nightshift.kernels.pack.NibbleOrder;
import io.nightshift.kernels.pack.PackedNibbles;
import java.io.IOException;
import java.util.Arrays;

/**
 * Reads rows of quantized linear layers. In AutoAWQ's layout each row is spread over the whole tensor, which is read
 * through once a call: ask for many rows at once. Not safe for use by several threads.
 */
public final class LinearReader {
    /** Bytes of a transposed tensor that are held at a time, about. */
    private static final int BLOCK = 4 << 20;

    private final ModelFolder folder;
    private long bytesRead;

    public LinearReader(ModelFolder folder) {
        this.folder = folder;
    }

    /** Bytes read so far. */
    public long bytesRead() {
        return bytesRead;
    }

    /**
     * Rows [from, to) as integers.
     *
     * @throws InvalidModelException if a scale is infinite or not a number; the message names the tensor
     * @throws IllegalArgumentException if the layer has no such rows
     * @throws IOException if they cannot be read
     */
    public QuantizedRows read(AwqLinear linear, int from, int to) throws IOException {
        if (from < 0 || from > to || to > linear.outputs()) {
            throw new IllegalArgumentException(
                    linear.module() + ": has no rows " + from + " to " + to + ", but " + linear.outputs());
        }
        // Eight rows share words: whole words are unpacked, and the rows beside the wanted ones dropped.
        int first = from / 8 * 8;
        int rows = (to + 7) / 8 * 8 - first;
        int groups = linear.groups();
        boolean gemm = linear.tensors().containsKey(AwqTensor.QWEIGHT);
        byte[] values;
        byte[] zeros;
        float[] scales;
        if (gemm) {
            values = transposedNibbles(linear, AwqTensor.QWEIGHT, first, rows, linear.inputs());
            zeros = transposedNibbles(linear, AwqTensor.QZEROS, first, rows, groups);
            scales = transposedScales(linear, first, rows);
        } else {
            values = packedValues(linear, first, rows);
            zeros = packedZeros(linear, first, rows);
            scales = floats(linear.tensors().get(AwqTensor.WEIGHT_SCALE), (long) first * groups, rows * groups);
        }
        int skip = from - first;
        int count = to - from;
        return new QuantizedRows(count, linear.inputs(), linear.groupSize(),
                slice(values, skip, count, linear.inputs()), slice(zeros, skip, count, groups),
                Arrays.copyOfRange(scales, skip * groups, (skip + count) * groups));
    }

    private static byte[] slice(byte[] values, int skip, int count, int columns) {
        return skip == 0 && values.length == count * columns
                ? values
                : Arrays.copyOfRange(values, skip * columns, (skip + count) * columns);
    }

    /**
     * The weights of rows [from, to).
     *
     * @param into receives {@code (to - from) * inputs} floats from its start
     * @throws IllegalArgumentException if the layer has no such rows
     * @throws IOException if they cannot be read
     */
    public void dequantize(AwqLinear linear, int from, int to, float[] into) throws IOException {
        QuantizedRows rows = read(linear, from, to);
        for (int row = 0; row < rows.rows(); row++) {
            dequantizeRow(rows, row, into, row * rows.columns());
        }
    }

    /** The weights of one row, {@code rows.columns()} floats from an offset. */
    public static void dequantizeRow(QuantizedRows rows, int row, float[] into, int offset) {
        GroupedIntegers.dequantize(rows.values(), row * rows.columns(), rows.zeros(), rows.scales(),
                row * rows.groups(), rows.groupSize(), into, offset, rows.columns());
    }

    private byte[] transposedNibbles(AwqLinear linear, AwqTensor kind, int first, int rows, int columns)
            throws IOException {
        SafetensorsTensor tensor = linear.tensors().get(kind);
        int rowBytes = linear.outputs() / 8 * 4;
        int columnsABlock = Math.max(1, BLOCK / rowBytes);
        byte[] values = new byte[Math.multiplyExact(rows, columns)];
        byte[] block = new byte[Math.min(columnsABlock, columns) * rowBytes];
        for (int column = 0; column < columns; column += columnsABlock) {
            int count = Math.min(columnsABlock, columns - column);
            read(tensor, (long) column * rowBytes, block, count * rowBytes);
            PackedNibbles.unpackAlongColumn(block, first / 8 * 4, 4, rowBytes, NibbleOrder.INTERLEAVED,
                    values, column, columns, rows, count);
        }
        return values;
    }

    private float[] transposedScales(AwqLinear linear, int first, int rows) throws IOException {
        int groups = linear.groups();
        SafetensorsTensor tensor = linear.tensors().get(AwqTensor.SCALES);
        float[] scales = new float[rows * groups];
        for (int group = 0; group < groups; group++) {
            float[] line = floats(tensor, (long) group * linear.outputs() + first, rows);
            for (int row = 0; row < rows; row++) {
                scales[row * groups + group] = line[row];
            }
        }
        return scales;
    }

    private byte[] packedValues(AwqLinear linear, int first, int rows) throws IOException {
        byte[] values = new byte[Math.multiplyExact(rows, linear.inputs())];
        byte[] packed = new byte[values.length / 2];
        read(linear.tensors().get(AwqTensor.WEIGHT_PACKED), (long) first * linear.inputs() / 2, packed, packed.length);
        PackedNibbles.unpackAlongRow(packed, 0, values, 0, values.length);
        return values;
    }

    private byte[] packedZeros(AwqLinear linear, int first, int rows) throws IOException {
        int groups = linear.groups();
        byte[] zeros = new byte[rows * groups];
        SafetensorsTensor tensor = linear.tensors().get(AwqTensor.WEIGHT_ZERO_POINT);
        if (tensor == null) {
            Arrays.fill(zeros, (byte) AwqOptions.SYMMETRIC_ZERO);
            return zeros;
        }
        byte[] words = new byte[zeros.length / 2];
        read(tensor, (long) first / 8 * groups * 4, words, words.length);
        PackedNibbles.unpackAlongColumn(
                words, 0, 4 * groups, 4, NibbleOrder.SEQUENTIAL, zeros, 0, groups, rows, groups);
        return zeros;
    }

    private float[] floats(SafetensorsTensor tensor, long from, int count) throws IOException {
        int size = tensor.type().bits() / 8;
        byte[] bytes = new byte[Math.multiplyExact(count, size)];
        read(tensor, from * size, bytes, bytes.length);
        float[] floats = new float[count];
        int damaged = SourceFloats.read(tensor.type().ggml().orElseThrow(), bytes, 0, floats, 0, count);
        if (damaged >= 0) {
            throw new InvalidModelException(folder.location() + "/" + tensor.file() + ": tensor " + tensor.name()
                    + ": scale " + (from + damaged) + " is " + floats[damaged] + ": the file is damaged");
        }
        return floats;
    }

    private void read(SafetensorsTensor tensor, long offset, byte[] into, int length) throws IOException {
        folder.readFully(tensor.file(), tensor.position() + offset, into, 0, length);
        bytesRead += length;
    }
}
