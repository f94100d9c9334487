package io.nightshift.formats.exl2;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.safetensors.SafetensorsTensor;
import io.nightshift.formats.storage.ModelFolder;
import io.nightshift.kernels.exl2.GroupLayout;
import io.nightshift.kernels.exl2.PackedLinear;
import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.IntStream;

/**
 * Reads rows of quantized linear layers as floats, exactly the halves that ExLlamaV2 computes with. Each row is spread over
 * the whole tensor, which is read through once a call: ask for many rows at once. Safe for use by several threads.
 */
public final class Exl2Reader {
    /** Bytes of a transposed tensor that are held at a time, about. */
    private static final int BLOCK = 4 << 20;

    private static final VarHandle WORD = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

    private final ModelFolder folder;
    private final LongAdder bytesRead = new LongAdder();

    public Exl2Reader(ModelFolder folder) {
        this.folder = folder;
    }

    /** Bytes read so far, by all threads. */
    public long bytesRead() {
        return bytesRead.sum();
    }

    /**
     * The groups of a layer.
     *
     * @throws InvalidModelException if its table is damaged; the message names the tensor
     * @throws IOException if it cannot be read
     */
    public GroupLayout layout(Exl2Linear linear) throws IOException {
        SafetensorsTensor groups = linear.tensors().get(Exl2Tensor.Q_GROUPS);
        int packedRows = Math.toIntExact(linear.tensors().get(Exl2Tensor.Q_WEIGHT).rows());
        try {
            return GroupLayout.ofTable(linear.inputs(), halves(groups), packedRows);
        } catch (IllegalArgumentException e) {
            throw damaged(groups, e);
        }
    }

    /**
     * The weights of rows [from, to).
     *
     * @param into receives {@code (to - from) * inputs} floats from its start
     * @throws InvalidModelException if the layer's tables are damaged; the message names the tensor
     * @throws IllegalArgumentException if the layer has no such rows
     * @throws IOException if they cannot be read
     */
    public void dequantize(Exl2Linear linear, int from, int to, float[] into) throws IOException {
        if (from < 0 || from > to || to > linear.outputs()) {
            throw new IllegalArgumentException(
                    linear.module() + ": has no rows " + from + " to " + to + ", but " + linear.outputs());
        }
        GroupLayout layout = layout(linear);
        int[] places = integers(linear.tensors().get(Exl2Tensor.Q_INVPERM));
        short[] maxima = halves(linear.tensors().get(Exl2Tensor.Q_SCALE_MAX));
        // Eight outputs share a word of scales.
        int first = from / 8 * 8;
        int outputs = (to + 7) / 8 * 8 - first;
        byte[] words = columns(linear.tensors().get(Exl2Tensor.Q_WEIGHT), first, outputs);
        byte[] scales = columns(linear.tensors().get(Exl2Tensor.Q_SCALE), first / 8, outputs / 8);
        try {
            PackedLinear.dequantize(layout, places, words, 0, Integer.BYTES * outputs, scales, 0, outputs / 2, from - first,
                    to - from, maxima, into, 0);
        } catch (IllegalArgumentException e) {
            throw damaged(linear.tensors().get(Exl2Tensor.Q_INVPERM), e);
        }
    }

    private InvalidModelException damaged(SafetensorsTensor tensor, IllegalArgumentException cause) {
        return new InvalidModelException(folder.location() + "/" + tensor.file() + ": tensor " + tensor.name()
                + ": " + cause.getMessage() + ": the file is damaged", cause);
    }

    /**
     * The weights of single rows, for which the tensor is read through once.
     *
     * @param rows their numbers
     * @throws InvalidModelException if the layer's tables are damaged; the message names the tensor
     * @throws IOException if they cannot be read
     */
    public float[][] dequantize(Exl2Linear linear, int[] rows) throws IOException {
        GroupLayout layout = layout(linear);
        int[] places = integers(linear.tensors().get(Exl2Tensor.Q_INVPERM));
        short[] maxima = halves(linear.tensors().get(Exl2Tensor.Q_SCALE_MAX));
        byte[] words = columns(linear.tensors().get(Exl2Tensor.Q_WEIGHT), rows);
        byte[] scales = columns(linear.tensors().get(Exl2Tensor.Q_SCALE), Arrays.stream(rows).map(row -> row / 8).toArray());
        float[][] weights = new float[rows.length][linear.inputs()];
        int rowBytes = Integer.BYTES * rows.length;
        for (int i = 0; i < rows.length; i++) {
            // A row is the output of its place within its word of scales.
            int place = rows[i] % 8;
            try {
                PackedLinear.dequantize(layout, places, words, Integer.BYTES * (i - place), rowBytes, scales,
                        Integer.BYTES * i, rowBytes, place, 1, maxima, weights[i], 0);
            } catch (IllegalArgumentException e) {
                throw damaged(linear.tensors().get(Exl2Tensor.Q_INVPERM), e);
            }
        }
        return weights;
    }

    private byte[] columns(SafetensorsTensor tensor, int first, int count) throws IOException {
        return columns(tensor, IntStream.range(first, first + count).toArray());
    }

    /** Some columns of a matrix of words, row by row. */
    private byte[] columns(SafetensorsTensor tensor, int[] wanted) throws IOException {
        int rows = Math.toIntExact(tensor.rows());
        int rowBytes = Math.toIntExact(tensor.columns() * Integer.BYTES);
        byte[] columns = new byte[Math.multiplyExact(rows, wanted.length * Integer.BYTES)];
        int rowsABlock = Math.max(1, BLOCK / rowBytes);
        byte[] block = new byte[Math.min(rowsABlock, rows) * rowBytes];
        int at = 0;
        for (int row = 0; row < rows; row += rowsABlock) {
            int held = Math.min(rowsABlock, rows - row);
            read(tensor, (long) row * rowBytes, block, held * rowBytes);
            for (int i = 0; i < held; i++) {
                for (int column : wanted) {
                    WORD.set(columns, at, (int) WORD.get(block, i * rowBytes + column * Integer.BYTES));
                    at += Integer.BYTES;
                }
            }
        }
        return columns;
    }

    private short[] halves(SafetensorsTensor tensor) throws IOException {
        short[] halves = new short[Math.toIntExact(tensor.elements())];
        whole(tensor).asShortBuffer().get(halves);
        return halves;
    }

    private int[] integers(SafetensorsTensor tensor) throws IOException {
        int[] integers = new int[Math.toIntExact(tensor.elements())];
        whole(tensor).asIntBuffer().get(integers);
        return integers;
    }

    private ByteBuffer whole(SafetensorsTensor tensor) throws IOException {
        byte[] bytes = new byte[Math.toIntExact(tensor.length())];
        read(tensor, 0, bytes, bytes.length);
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    private void read(SafetensorsTensor tensor, long offset, byte[] into, int length) throws IOException {
        folder.readFully(tensor.file(), tensor.position() + offset, into, 0, length);
        bytesRead.add(length);
    }
}
