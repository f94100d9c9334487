package io.nightshift.formats.weights;

import io.nightshift.kernels.GgmlType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A model some of whose tensors are others: floats in memory.
 *
 * @param original the model
 * @param replaced by their names in GGUF: for each expert its rows in the order of the checkpoint; a single array where
 *     there are no experts
 */
public record ReplacedWeights(ModelWeights original, Map<String, List<float[]>> replaced) implements ModelWeights {
    @Override
    public Optional<TensorShape> find(String tensor) {
        return original.find(tensor).map(shape -> replaced.containsKey(tensor)
                ? new TensorShape(shape.rows(), shape.columns(), GgmlType.F32)
                : shape);
    }

    @Override
    public void read(String tensor, long from, long to, byte[] into) throws IOException {
        List<float[]> experts = replaced.get(tensor);
        if (experts == null) {
            original.read(tensor, from, to, into);
            return;
        }
        TensorShape shape = get(tensor);
        long rowsPerExpert = shape.rows() / experts.size();
        ByteBuffer target = ByteBuffer.wrap(into).order(ByteOrder.LITTLE_ENDIAN);
        for (long row = from; row < to; row++) {
            float[] rows = experts.get(Math.toIntExact(row / rowsPerExpert));
            int at = Math.toIntExact(row % rowsPerExpert * shape.columns());
            target.asFloatBuffer().put(rows, at, shape.columns());
            target.position(target.position() + shape.rowBytes());
        }
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
