package io.nightshift.formats.conversion;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.architecture.RowOrder;
import io.nightshift.formats.architecture.SourceRows;
import io.nightshift.formats.architecture.TensorRecipe;
import io.nightshift.formats.architecture.TensorRecipe.Stored;
import io.nightshift.formats.gguf.GgufFile;
import io.nightshift.formats.gguf.GgufTensor;
import io.nightshift.formats.gguf.GgufValue;
import io.nightshift.formats.storage.ModelFolder;
import io.nightshift.formats.weights.ModelTensors;
import io.nightshift.formats.weights.ModelWeights;
import io.nightshift.kernels.dequantize.Dequantizers;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.LongAdder;

/** The weights of a GGUF file of the same model, of any type that can be dequantized. */
public final class GgufWeights implements ModelWeights {
    private final ModelTensors model;
    private final ModelFolder folder;
    private final GgufFile file;
    private final Map<String, GgufTensor> tensors = new HashMap<>();
    private final LongAdder bytesRead = new LongAdder();

    /**
     * Weights of a GGUF file.
     *
     * @param model the original's tensors
     * @param folder where the file is
     * @throws InvalidModelException if the file is of another architecture, or a tensor is missing or of another shape
     *     than the model's; the message names both
     */
    public GgufWeights(ModelTensors model, ModelFolder folder, GgufFile file) {
        this.model = model;
        this.folder = folder;
        this.file = file;
        file.header().tensors().forEach(tensor -> tensors.put(tensor.name(), tensor));
        String architecture = file.header().metadata().get("general.architecture")
                .map(value -> value instanceof GgufValue.Text text ? text.value() : "")
                .orElse("");
        if (!architecture.equals(model.architecture())) {
            throw new InvalidModelException(location() + ": is of the architecture '" + architecture
                    + "', but the model " + model.location() + " is a " + model.architecture());
        }
        model.recipes().values().stream()
                .filter(recipe -> recipe.content() instanceof Stored)
                .forEach(this::check);
    }

    private void check(TensorRecipe recipe) {
        GgufTensor tensor = tensors.get(recipe.name());
        if (tensor == null) {
            throw new InvalidModelException(location() + ": tensor " + recipe.name() + " is missing, which the model "
                    + model.location() + " has");
        }
        if (tensor.rows() != recipe.rows() || tensor.columns() != recipe.columns()) {
            throw new InvalidModelException(location() + ": tensor " + tensor.name() + " is of shape " + tensor.shape()
                    + ", but in the model " + model.location() + " it is " + recipe.shape());
        }
        try {
            Dequantizers.of(tensor.type());
        } catch (IllegalArgumentException e) {
            throw new InvalidModelException(location() + ": tensor " + tensor.name() + ": " + e.getMessage(), e);
        }
    }

    @Override
    public Optional<TensorShape> find(String tensor) {
        return model.recipes().containsKey(tensor) && tensors.containsKey(tensor)
                ? Optional.of(shape(tensors.get(tensor)))
                : Optional.empty();
    }

    private static TensorShape shape(GgufTensor tensor) {
        return new TensorShape(tensor.rows(), Math.toIntExact(tensor.columns()), tensor.type());
    }

    @Override
    public void read(String tensor, long from, long to, byte[] into) throws IOException {
        TensorShape shape = get(tensor);
        if (from < 0 || from > to || to > shape.rows() || (to - from) * shape.rowBytes() > into.length) {
            throw new IllegalArgumentException(tensor + ": rows " + from + " to " + to + " of " + shape.rows()
                    + " do not fit " + into.length + " bytes");
        }
        SourceRows first = ((Stored) model.recipes().get(tensor).content()).parts().get(0);
        GgufTensor stored = tensors.get(tensor);
        if (first.order() instanceof RowOrder.InterleavedHalves order) {
            // The elements of a bias, which is one row, move like rows.
            boolean vector = shape.rows() == 1;
            int unit = vector ? shape.rowBytes() / shape.columns() : shape.rowBytes();
            long rows = vector ? shape.columns() : 1;
            readReordered(stored, order, unit, from * rows, to * rows, into);
        } else {
            readRange(stored, from * shape.rowBytes(), into, Math.toIntExact((to - from) * shape.rowBytes()));
        }
    }

    /** Reads the whole heads around the rows and puts each where the checkpoint has it. */
    private void readReordered(
            GgufTensor tensor, RowOrder.InterleavedHalves order, int unit, long from, long to, byte[] into)
            throws IOException {
        int head = order.headRows();
        long start = from / head * head;
        long end = (to + head - 1) / head * head;
        byte[] heads = new byte[Math.toIntExact((end - start) * unit)];
        readRange(tensor, start * unit, heads, heads.length);
        for (long row = start; row < end; row++) {
            long original = order.sourceRow(row);
            if (original >= from && original < to) {
                System.arraycopy(heads, (int) (row - start) * unit, into, (int) (original - from) * unit, unit);
            }
        }
    }

    private void readRange(GgufTensor tensor, long offset, byte[] into, int length) throws IOException {
        folder.readFully(file.file().name(), file.dataOffset() + tensor.offset() + offset, into, 0, length);
        bytesRead.add(length);
    }

    @Override
    public long bytesRead() {
        return bytesRead.sum();
    }

    @Override
    public String location() {
        return folder.location() + "/" + file.file().name();
    }
}
