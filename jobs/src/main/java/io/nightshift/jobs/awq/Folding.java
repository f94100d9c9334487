package io.nightshift.jobs.awq;

import io.nightshift.formats.architecture.SourceRows;
import io.nightshift.formats.safetensors.SafetensorsTensor;
import io.nightshift.formats.storage.ModelFolder;
import io.nightshift.jobs.rounding.LinearRows;
import io.nightshift.jobs.rounding.RowRounding;
import io.nightshift.jobs.rounding.VectorFolding;
import io.nightshift.kernels.BF16;
import io.nightshift.kernels.F16;
import java.io.IOException;
import java.io.Serializable;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * What is done to a tensor that is not quantized, so that scales elsewhere leave the model's function as it is.
 *
 * @param columnScales what its columns are multiplied by (routers); or null
 * @param rowDivisors what its rows are divided by; or null
 * @param elementDivisors what the elements of a norm or a bias are divided by; or null
 * @param shift what the model adds to the stored elements
 */
record Folding(float[] columnScales, float[] rowDivisors, float[] elementDivisors, float shift)
        implements Serializable {
    /** Rows that are changed at once. */
    private static final int WEIGHTS_AT_ONCE = 4 << 20;

    /** Where changed bytes go. */
    interface Sink {
        void write(byte[] bytes) throws IOException;
    }

    /** Reads a tensor, changes it, and writes it in the type that it has. */
    long apply(SourceRows source, ModelFolder folder, Sink sink) throws IOException {
        LinearRows reader = new LinearRows(folder);
        SafetensorsTensor tensor = source.tensor();
        int columns = Math.toIntExact(tensor.columns());
        int atOnce = Math.max(1, WEIGHTS_AT_ONCE / columns);
        for (long from = 0; from < source.rows(); from += atOnce) {
            long to = Math.min(source.rows(), from + atOnce);
            float[] weights = reader.read(source, from, to);
            if (elementDivisors != null) {
                for (int i = 0; i < weights.length; i++) {
                    weights[i] += shift;
                }
                weights = VectorFolding.divided(weights, shift, elementDivisors, 0);
            }
            RowRounding.divide(weights, (int) from, (int) (to - from), columns, rowDivisors);
            sink.write(stored(RowRounding.scaled(weights, columns, columnScales), tensor));
        }
        return reader.bytesRead();
    }

    private static byte[] stored(float[] weights, SafetensorsTensor tensor) {
        byte[] bytes = new byte[Math.multiplyExact(weights.length, tensor.type().bits() / 8)];
        switch (tensor.type()) {
            case F16 -> F16.fromFloats(weights, 0, bytes, 0, weights.length);
            case BF16 -> BF16.fromFloats(weights, 0, bytes, 0, weights.length);
            default -> ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().put(weights);
        }
        return bytes;
    }
}
