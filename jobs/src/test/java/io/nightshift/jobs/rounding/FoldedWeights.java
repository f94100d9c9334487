package io.nightshift.jobs.rounding;

import io.nightshift.formats.architecture.LinearLayer;
import io.nightshift.formats.weights.ModelWeights;
import io.nightshift.kernels.GgmlType;
import io.nightshift.kernels.dequantize.Dequantizers;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Optional;

/** A model's weights with scales folded into them, in F32. */
final class FoldedWeights implements ModelWeights {
    private final List<LinearLayer> all;
    private final ModelWeights original;
    private final ScalePlan scales;

    FoldedWeights(List<LinearLayer> all, ModelWeights original, ScalePlan scales) {
        this.all = all;
        this.original = original;
        this.scales = scales;
    }

    @Override
    public Optional<TensorShape> find(String tensor) {
        return original.find(tensor).map(shape -> new TensorShape(shape.rows(), shape.columns(), GgmlType.F32));
    }

    @Override
    public void read(String tensor, long from, long to, byte[] into) throws IOException {
        TensorShape shape = original.get(tensor);
        int count = Math.toIntExact((to - from) * shape.columns());
        byte[] stored = new byte[Math.toIntExact((to - from) * shape.rowBytes())];
        original.read(tensor, from, to, stored);
        float[] weights = new float[count];
        Dequantizers.of(shape.type()).dequantize(stored, 0, weights, 0, count);
        List<LinearLayer> linears = all.stream().filter(linear -> linear.tensor().equals(tensor)).toList();
        if (linears.isEmpty()) {
            float[] divisors = scales.vectorDivisors(tensor, shape.columns());
            weights = divisors == null ? weights : VectorFolding.divided(weights, 0, divisors, 0);
        } else {
            for (long row = from; row < to; row++) {
                LinearLayer linear = linears.get((int) (row * linears.size() / shape.rows()));
                scale(weights, (int) (row - from), (int) (row % linear.outputs()), shape.columns(), linear);
            }
        }
        ByteBuffer.wrap(into).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().put(weights);
    }

    private void scale(float[] weights, int at, int row, int columns, LinearLayer linear) {
        float[] divisors = scales.rowDivisors(linear);
        float[] columnScales = scales.columnScales(linear);
        for (int i = 0; i < columns; i++) {
            weights[at * columns + i] *= columnScales == null ? 1 : columnScales[i];
            weights[at * columns + i] /= divisors == null ? 1 : divisors[row];
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
