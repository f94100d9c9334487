package io.nightshift.formats.conversion;

import io.nightshift.formats.architecture.SplitDecompression;
import io.nightshift.formats.gguf.GgufTensor;
import io.nightshift.kernels.dequantize.Dequantizers;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.Optional;

/**
 * The matrix that GGUF has in two parts ({@link SplitDecompression}), put together: as floats, for its rows are columns of one
 * of them.
 *
 * @param keys columns are the rows of each head's keys
 */
record JoinedHeads(GgufTensor keys, GgufTensor values) {
    /** Reads rows of a tensor. */
    @FunctionalInterface
    interface Rows {
        void read(GgufTensor tensor, long from, long to, byte[] into) throws IOException;
    }

    /**
     * The matrix, if the parts are those of one with so many rows and columns.
     *
     * @param rows of all heads
     */
    static Optional<JoinedHeads> of(GgufTensor keys, GgufTensor values, long rows, long columns) {
        long heads = size(keys.shape(), 2);
        boolean fits = size(values.shape(), 2) == heads && values.columns() == columns && size(keys.shape(), 1) == columns
                && heads * (keys.columns() + size(values.shape(), 1)) == rows;
        return fits ? Optional.of(new JoinedHeads(keys, values)) : Optional.empty();
    }

    private static long size(List<Long> shape, int axis) {
        return axis < shape.size() ? shape.get(axis) : 1;
    }

    /**
     * Gives rows [from, to) of the matrix: of each head the rows of its keys, then those of its values. Of keys, all rows of a
     * head are read for any of them.
     *
     * @param into receives floats
     */
    void read(long from, long to, Rows reader, byte[] into) throws IOException {
        int columns = Math.toIntExact(values.columns());
        int ofKeys = Math.toIntExact(keys.columns());
        int ofValues = Math.toIntExact(size(values.shape(), 1));
        long ofHead = ofKeys + ofValues;
        FloatBuffer out = ByteBuffer.wrap(into).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer();
        for (long head = from / ofHead; head * ofHead < to; head++) {
            long start = head * ofHead;
            int first = (int) (Math.max(from, start) - start);
            int end = (int) (Math.min(to, start + ofHead) - start);
            if (first < ofKeys) {
                float[] transposed = floats(keys, head * columns, columns, ofKeys, reader);
                for (int row = first; row < Math.min(end, ofKeys); row++) {
                    for (int column = 0; column < columns; column++) {
                        out.put(transposed[column * ofKeys + row]);
                    }
                }
            }
            int firstValue = Math.max(first, ofKeys) - ofKeys;
            if (end > ofKeys) {
                int count = end - ofKeys - firstValue;
                out.put(floats(values, head * ofValues + firstValue, count, columns, reader));
            }
        }
    }

    private static float[] floats(GgufTensor tensor, long from, int rows, int columns, Rows reader) throws IOException {
        byte[] bytes = new byte[Math.toIntExact(rows * tensor.type().rowBytes(columns))];
        reader.read(tensor, from, from + rows, bytes);
        float[] floats = new float[Math.multiplyExact(rows, columns)];
        Dequantizers.of(tensor.type()).dequantize(bytes, 0, floats, 0, floats.length);
        return floats;
    }
}
