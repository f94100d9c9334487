package io.nightshift.formats.weights;

import io.nightshift.kernels.GgmlType;
import io.nightshift.kernels.dequantize.Dequantizers;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;

/**
 * A model one of whose tensors is rounded: its rows are rounded when they are read, and never held.
 *
 * @param original the model
 * @param tensor the tensor, by its name in GGUF
 * @param rounding what becomes of its rows
 */
public record RoundedWeights(ModelWeights original, String tensor, Rounding rounding) implements ModelWeights {
    /** What becomes of rows. To be called by one thread at a time. */
    public interface Rounding {
        /**
         * Rounds rows.
         *
         * @param weights row-major; they may be changed
         * @param first number of the first row
         * @param rows number of rows
         * @return as many weights, as a reader of the rounded rows sees them
         * @throws IOException if something cannot be read
         */
        float[] round(float[] weights, long first, int rows) throws IOException;
    }

    @Override
    public Optional<TensorShape> find(String name) {
        return original.find(name).map(shape ->
                name.equals(tensor) ? new TensorShape(shape.rows(), shape.columns(), GgmlType.F32) : shape);
    }

    @Override
    public void read(String name, long from, long to, byte[] into) throws IOException {
        if (!name.equals(tensor)) {
            original.read(name, from, to, into);
            return;
        }
        TensorShape shape = original.get(tensor);
        int rows = Math.toIntExact(to - from);
        byte[] blocks = new byte[Math.multiplyExact(rows, shape.rowBytes())];
        original.read(tensor, from, to, blocks);
        float[] weights = new float[Math.multiplyExact(rows, shape.columns())];
        Dequantizers.of(shape.type()).dequantize(blocks, 0, weights, 0, weights.length);
        ByteBuffer.wrap(into).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().put(rounding.round(weights, from, rows));
    }

    @Override
    public long bytesRead() {
        return original.bytesRead();
    }

    @Override
    public String location() {
        return original.location();
    }
}
