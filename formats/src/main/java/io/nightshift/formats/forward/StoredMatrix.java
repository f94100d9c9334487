package io.nightshift.formats.forward;

import io.nightshift.formats.weights.ModelWeights;
import io.nightshift.formats.weights.ModelWeights.TensorShape;
import io.nightshift.kernels.dequantize.Dequantizers;
import io.nightshift.kernels.dequantize.RowDequantizer;
import io.nightshift.kernels.linear.WeightRows;
import java.io.IOException;

/** Rows of a tensor in memory, in the type that they are stored in: floats are made of them a block at a time. */
final class StoredMatrix implements WeightRows {
    /** Most bytes of an array, for matrices may have more than an array can. */
    private static final long ARRAY = 1 << 30;

    private final TensorShape shape;
    private final int rows;
    private final int rowsAnArray;
    private final byte[][] arrays;
    private final RowDequantizer dequantizer;

    private StoredMatrix(TensorShape shape, int rows, int rowsAnArray, byte[][] arrays) {
        this.shape = shape;
        this.rows = rows;
        this.rowsAnArray = rowsAnArray;
        this.arrays = arrays;
        this.dequantizer = Dequantizers.of(shape.type());
    }

    /** Reads a whole tensor. */
    static StoredMatrix read(ModelWeights weights, String tensor) throws IOException {
        return read(weights, tensor, 0, weights.get(tensor).rows());
    }

    /** Reads some rows of a tensor, such as those of one expert. */
    static StoredMatrix read(ModelWeights weights, String tensor, long from, long to) throws IOException {
        TensorShape shape = weights.get(tensor);
        int rows = Math.toIntExact(to - from);
        int rowsAnArray = (int) Math.max(1, ARRAY / shape.rowBytes());
        byte[][] arrays = new byte[(rows + rowsAnArray - 1) / rowsAnArray][];
        for (int i = 0; i < arrays.length; i++) {
            long first = from + (long) i * rowsAnArray;
            long last = Math.min(to, first + rowsAnArray);
            arrays[i] = new byte[Math.toIntExact((last - first) * shape.rowBytes())];
            weights.read(tensor, first, last, arrays[i]);
        }
        return new StoredMatrix(shape, rows, rowsAnArray, arrays);
    }

    /** Reads a vector as floats. */
    static float[] readVector(ModelWeights weights, String tensor) throws IOException {
        return readVector(weights, tensor, 0, weights.get(tensor).rows());
    }

    /** Reads some rows of a tensor as floats, such as the bias of one expert. */
    static float[] readVector(ModelWeights weights, String tensor, long from, long to) throws IOException {
        StoredMatrix matrix = read(weights, tensor, from, to);
        float[] vector = new float[matrix.rows * matrix.columns()];
        for (int row = 0; row < matrix.rows; row++) {
            int at = row % matrix.rowsAnArray * matrix.shape.rowBytes();
            matrix.dequantizer.dequantize(matrix.arrays[row / matrix.rowsAnArray], at, vector, row * matrix.columns(),
                    matrix.columns());
        }
        return vector;
    }

    int rows() {
        return rows;
    }

    int columns() {
        return shape.columns();
    }

    long bytes() {
        return (long) rows * shape.rowBytes();
    }

    @Override
    public void read(int from, int to, int firstColumn, int columns, float[] into, int stride) {
        int offset = Math.toIntExact(shape.type().rowBytes(firstColumn));
        for (int row = from; row < to; row++) {
            int at = row % rowsAnArray * shape.rowBytes() + offset;
            dequantizer.dequantize(arrays[row / rowsAnArray], at, into, (row - from) * stride, columns);
        }
    }
}
