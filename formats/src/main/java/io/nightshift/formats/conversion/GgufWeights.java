package io.nightshift.formats.conversion;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.architecture.RowOrder;
import io.nightshift.formats.architecture.SourceRows;
import io.nightshift.formats.architecture.SplitDecompression;
import io.nightshift.formats.architecture.TensorRecipe.Stored;
import io.nightshift.formats.architecture.TensorRecipe;
import io.nightshift.formats.gguf.GgufFile;
import io.nightshift.formats.gguf.GgufTensor;
import io.nightshift.formats.gguf.GgufValue;
import io.nightshift.formats.storage.ModelFolder;
import io.nightshift.formats.storage.StoredRows;
import io.nightshift.formats.weights.ModelTensors;
import io.nightshift.formats.weights.ModelWeights;
import io.nightshift.kernels.GgmlType;
import io.nightshift.kernels.dequantize.Dequantizers;
import io.nightshift.kernels.dequantize.RowDequantizer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.LongAdder;

/** The weights of a GGUF file of the same model, of any type that can be dequantized. */
public final class GgufWeights implements ModelWeights {
    /** Bytes of rows in another order that are read at once, about. */
    private static final int RUN_BYTES = 4 << 20;

    private final ModelTensors model;
    private final ModelFolder folder;
    private final GgufFile file;
    private final Map<String, GgufTensor> tensors = new HashMap<>();
    private final Map<String, JoinedHeads> joined = new HashMap<>();
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
        if (SplitDecompression.isWhole(recipe.name())) {
            GgufTensor keys = stored(SplitDecompression.part(recipe.name(), SplitDecompression.KEYS));
            GgufTensor values = stored(SplitDecompression.part(recipe.name(), SplitDecompression.VALUES));
            joined.put(recipe.name(), JoinedHeads.of(keys, values, recipe.rows(), recipe.columns()).orElseThrow(() ->
                    new InvalidModelException(location() + ": tensors " + keys.name() + " and " + values.name()
                            + " are of shapes " + keys.shape() + " and " + values.shape() + ", but in the model "
                            + model.location() + " they are parts of one of shape " + recipe.shape())));
            requireType(keys);
            requireType(values);
            return;
        }
        GgufTensor tensor = stored(recipe.name());
        if (tensor.rows() != recipe.rows() || tensor.columns() != recipe.columns()) {
            throw new InvalidModelException(location() + ": tensor " + tensor.name() + " is of shape " + tensor.shape()
                    + ", but in the model " + model.location() + " it is " + recipe.shape());
        }
        requireType(tensor);
    }

    private GgufTensor stored(String name) {
        GgufTensor tensor = tensors.get(name);
        if (tensor == null) {
            throw new InvalidModelException(location() + ": tensor " + name + " is missing, which the model "
                    + model.location() + " has");
        }
        return tensor;
    }

    private void requireType(GgufTensor tensor) {
        try {
            Dequantizers.of(tensor.type());
        } catch (IllegalArgumentException e) {
            throw new InvalidModelException(location() + ": tensor " + tensor.name() + ": " + e.getMessage(), e);
        }
    }

    @Override
    public Optional<TensorShape> find(String tensor) {
        if (joined.containsKey(tensor)) {
            TensorRecipe recipe = model.recipes().get(tensor);
            return Optional.of(new TensorShape(recipe.rows(), Math.toIntExact(recipe.columns()), GgmlType.F32));
        }
        return model.recipes().containsKey(tensor) && tensors.containsKey(tensor)
                ? Optional.of(shape(tensor))
                : Optional.empty();
    }

    /** Blocks of columns that the file has in another order can be given as floats only. */
    private TensorShape shape(String name) {
        GgufTensor tensor = tensors.get(name);
        boolean reordered = model.recipes().get(name).reorderedColumns().isPresent();
        return new TensorShape(tensor.rows(), Math.toIntExact(tensor.columns()), reordered ? GgmlType.F32 : tensor.type());
    }

    @Override
    public void read(String tensor, long from, long to, byte[] into) throws IOException {
        TensorShape shape = get(tensor);
        if (from < 0 || from > to || to > shape.rows() || (to - from) * shape.rowBytes() > into.length) {
            throw new IllegalArgumentException(tensor + ": rows " + from + " to " + to + " of " + shape.rows()
                    + " do not fit " + into.length + " bytes");
        }
        if (joined.containsKey(tensor)) {
            joined.get(tensor).read(from, to, this::readRows, into);
            return;
        }
        TensorRecipe recipe = model.recipes().get(tensor);
        List<SourceRows> parts = ((Stored) recipe.content()).parts();
        GgufTensor stored = tensors.get(tensor);
        if (recipe.reorderedColumns().isPresent()) {
            readColumns(stored, recipe.reorderedColumns().get().order(), from, to, into);
        } else if (parts.stream().noneMatch(SourceRows::areReordered)) {
            readRange(stored, from * shape.rowBytes(), into, Math.toIntExact((to - from) * shape.rowBytes()));
        } else {
            // The elements of a vector, which is one row, move like rows.
            boolean vector = shape.rows() == 1;
            int unit = vector ? shape.rowBytes() / shape.columns() : shape.rowBytes();
            long rows = vector ? shape.columns() : 1;
            readReordered(stored, parts, unit, from * rows, to * rows, into);
        }
    }

    /** Reads rows from wherever the file has them, a few MiB at a time. */
    private void readReordered(GgufTensor tensor, List<SourceRows> parts, int unit, long from, long to, byte[] into)
            throws IOException {
        long[] places = places(parts, from, to);
        int atOnce = Math.max(1, RUN_BYTES / unit);
        for (int row = 0; row < places.length; row += atOnce) {
            long[] some = Arrays.copyOfRange(places, row, Math.min(places.length, row + atOnce));
            bytesRead.add(StoredRows.read(folder, file.file().name(), file.dataOffset() + tensor.offset(), unit, some, into,
                    Math.multiplyExact(row, unit)));
        }
    }

    /** Where the file has rows [from, to) of the checkpoint. */
    private static long[] places(List<SourceRows> parts, long from, long to) {
        long[] places = new long[Math.toIntExact(to - from)];
        long start = 0;
        for (SourceRows part : parts) {
            for (long row = 0; row < part.rows(); row++) {
                long origin = start + part.order().sourceRow(row);
                if (origin >= from && origin < to) {
                    places[(int) (origin - from)] = start + row;
                }
            }
            start += part.rows();
        }
        return places;
    }

    /** Reads rows as floats, and puts each column where the checkpoint has it. */
    private void readColumns(GgufTensor tensor, RowOrder order, long from, long to, byte[] into) throws IOException {
        int columns = Math.toIntExact(tensor.columns());
        int rowBytes = Math.toIntExact(tensor.type().rowBytes(columns));
        int atOnce = Math.max(1, RUN_BYTES / rowBytes);
        float[] weights = new float[columns];
        byte[] rows = new byte[Math.toIntExact(Math.min(to - from, atOnce) * rowBytes)];
        FloatBuffer floats = ByteBuffer.wrap(into).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer();
        RowDequantizer dequantizer = Dequantizers.of(tensor.type());
        for (long row = from; row < to; row += atOnce) {
            int count = (int) Math.min(atOnce, to - row);
            readRange(tensor, row * rowBytes, rows, count * rowBytes);
            for (int i = 0; i < count; i++) {
                dequantizer.dequantize(rows, i * rowBytes, weights, 0, columns);
                int at = Math.toIntExact((row - from + i) * columns);
                for (int column = 0; column < columns; column++) {
                    floats.put(at + Math.toIntExact(order.sourceRow(column)), weights[column]);
                }
            }
        }
    }

    private void readRows(GgufTensor tensor, long from, long to, byte[] into) throws IOException {
        long rowBytes = tensor.type().rowBytes(tensor.columns());
        readRange(tensor, from * rowBytes, into, Math.toIntExact((to - from) * rowBytes));
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
