package io.nightshift.formats.weights;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.architecture.ColumnForm;
import io.nightshift.formats.architecture.ElementForm;
import io.nightshift.formats.architecture.LinearLayer;
import io.nightshift.formats.architecture.RowOrder;
import io.nightshift.formats.architecture.SourceRows;
import io.nightshift.formats.architecture.TensorRecipe.Stored;
import io.nightshift.formats.architecture.TensorRecipe;
import io.nightshift.formats.safetensors.SafetensorsTensor;
import io.nightshift.formats.storage.ModelFolder;
import io.nightshift.kernels.GgmlType;
import io.nightshift.kernels.dequantize.Dequantizers;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.Collectors;

/**
 * The weights of a folder of safetensors files with some linear layers quantized. These are given as floats; everything else
 * as it is stored, under the names that the checkpoint has.
 */
public final class FolderWeights implements ModelWeights {
    /** Bytes of stored rows that are held at a time, about. */
    private static final int BLOCK = 4 << 20;

    private static final String BIAS = ".bias";

    /**
     * Rows that one linear layer gives to a tensor.
     *
     * @param linear the layer, or what the tensor is of one
     * @param quantized the layer, or null if it is stored as it is
     * @param stored the matrix that is stored as it is, or null
     */
    private record Part(LinearLayer linear, QuantizedLinear quantized, SafetensorsTensor stored) {}

    /** A quantized linear layer of the folder. */
    public interface QuantizedLinear {
        /** Output features, with their padding. */
        int outputs();

        /** How many outputs a layer of so many has with its padding. */
        default long padded(long outputs) {
            return outputs;
        }

        /** Input features. */
        int inputs();

        /**
         * Reads rows [from, to).
         *
         * @param weights receives {@code (to - from) * inputs()} floats, from 0
         * @return bytes that were read
         * @throws IOException if they cannot be read
         */
        long read(int from, int to, float[] weights) throws IOException;
    }

    /** The quantized linear layers of a folder, by the names of their modules. */
    public interface QuantizedLinears {
        /** The layer, if it is quantized. */
        Optional<QuantizedLinear> find(String module);
    }

    private final ModelTensors model;
    private final ModelFolder folder;
    private final QuantizedLinears linears;
    private final Map<String, SafetensorsTensor> files;
    private final Map<String, List<Part>> quantized = new HashMap<>();
    private final CheckpointWeights rest;
    private final LongAdder bytesRead = new LongAdder();

    /**
     * Weights of a folder.
     *
     * @param model the original's tensors
     * @param files the folder's tensors by their names, those of quantized layers among them or not
     * @param linears its quantized layers
     * @throws InvalidModelException if a tensor is missing or of another shape than the model's; the message names both
     */
    public FolderWeights(ModelTensors model, ModelFolder folder, Map<String, SafetensorsTensor> files,
            QuantizedLinears linears) {
        this.model = model;
        this.folder = folder;
        this.files = files;
        this.linears = linears;
        Map<String, List<LinearLayer>> byTensor =
                model.linears().stream()
                        .flatMap(linear -> linear.apart().stream())
                        .collect(Collectors.groupingBy(LinearLayer::tensor));
        Map<String, TensorRecipe> asStored = new HashMap<>();
        // A head of its own, also where the model ties it to its embeddings.
        if (linears.find(model.head().module()).isPresent()) {
            quantized.put(model.head().tensor(), List.of(part(model.head())));
        }
        for (TensorRecipe recipe : model.recipes().values()) {
            if (recipe.content() instanceof Stored stored && !quantized.containsKey(recipe.name())) {
                List<LinearLayer> layers = byTensor.getOrDefault(recipe.name(), List.of());
                if (layers.stream().anyMatch(linear -> linears.find(linear.whole().module()).isPresent())) {
                    quantized.put(recipe.name(), layers.stream().map(this::part).toList());
                } else {
                    asStored.put(recipe.name(), relocated(recipe, stored, layers));
                }
            }
        }
        rest = new CheckpointWeights(asStored, folder);
    }

    private Part part(LinearLayer layer) {
        LinearLayer linear = layer.whole();
        Optional<QuantizedLinear> found = linears.find(linear.module());
        if (found.isEmpty()) {
            return new Part(layer, null, stored(linear.weight(), List.of(linear.outputs(), linear.inputs())));
        }
        if (found.get().outputs() != found.get().padded(linear.outputs()) || found.get().inputs() != linear.inputs()) {
            throw new InvalidModelException(location() + ": " + linear.module() + " has " + found.get().outputs()
                    + " outputs and " + found.get().inputs() + " inputs, but in the model " + model.location() + " "
                    + linear.outputs() + " and " + linear.inputs());
        }
        return new Part(layer, found.get(), null);
    }

    /** The recipe with the folder's tensors in place of the checkpoint's. */
    private TensorRecipe relocated(TensorRecipe recipe, Stored stored, List<LinearLayer> layers) {
        List<SourceRows> parts = new ArrayList<>();
        if (layers.isEmpty()) {
            for (SourceRows part : stored.parts()) {
                SafetensorsTensor tensor = stored(part.tensor().name(), part.tensor().shape());
                parts.add(new SourceRows(
                        tensor, part.firstRow(), part.rows(), part.order(), part.shift(), part.columns(), elements(part)));
            }
        } else {
            for (LinearLayer linear : layers) {
                LinearLayer whole = linear.whole();
                SafetensorsTensor tensor = stored(whole.weight(), List.of(whole.outputs(), whole.inputs()));
                parts.add(new SourceRows(tensor, 0, linear.outputs(), linear.source().orderInLayer(), 0,
                        ColumnForm.AS_STORED, elements(linear.source())));
            }
        }
        return new TensorRecipe(recipe.name(), recipe.shape(), recipe.type(), new Stored(List.copyOf(parts)));
    }

    /** What was FP8 in the checkpoint is stored as floats. */
    private static ElementForm elements(SourceRows source) {
        return source.elements() instanceof ElementForm.Scaled ? ElementForm.AS_STORED : source.elements();
    }

    /** A tensor of the folder, seen in the shape that the model has it in. */
    private SafetensorsTensor stored(String name, List<Long> shape) {
        SafetensorsTensor tensor = files.get(name);
        if (tensor == null) {
            throw new InvalidModelException(location() + ": tensor " + name + " is missing, which the model "
                    + model.location() + " has");
        }
        long elements = shape.stream().reduce(1L, Math::multiplyExact);
        if (!tensor.type().isFloat() || tensor.elements() != elements && tensor.elements() != padded(name, elements)) {
            throw new InvalidModelException(location() + ": tensor " + name + " is of type " + tensor.type()
                    + " and shape " + tensor.shape() + ", but in the model " + model.location()
                    + " it is of floating point and shape " + shape);
        }
        return new SafetensorsTensor(name, tensor.type(), shape, tensor.file(), tensor.position(),
                elements * tensor.type().bits() / 8);
    }

    /** Elements of a bias that is padded like its layer's outputs. */
    private long padded(String name, long elements) {
        if (!name.endsWith(BIAS)) {
            return elements;
        }
        String module = name.substring(0, name.length() - BIAS.length());
        return linears.find(module).map(linear -> linear.padded(elements)).orElse(elements);
    }

    @Override
    public Optional<TensorShape> find(String tensor) {
        List<Part> parts = quantized.get(tensor);
        if (parts == null) {
            return rest.find(tensor);
        }
        long rows = parts.stream().mapToLong(part -> part.linear().outputs()).sum();
        return Optional.of(
                new TensorShape(rows, Math.toIntExact(parts.get(0).linear().inputs()), GgmlType.F32));
    }

    @Override
    public void read(String tensor, long from, long to, byte[] into) throws IOException {
        List<Part> parts = quantized.get(tensor);
        if (parts == null) {
            rest.read(tensor, from, to, into);
            return;
        }
        TensorShape shape = get(tensor);
        if (from < 0 || from > to || to > shape.rows() || (to - from) * shape.rowBytes() > into.length) {
            throw new IllegalArgumentException(tensor + ": rows " + from + " to " + to + " of " + shape.rows()
                    + " do not fit " + into.length + " bytes");
        }
        ByteBuffer target = ByteBuffer.wrap(into).order(ByteOrder.LITTLE_ENDIAN);
        long start = 0;
        for (Part part : parts) {
            long end = start + part.linear().outputs();
            int first = (int) (Math.max(from, start) - start);
            int last = (int) (Math.min(to, end) - start);
            if (first < last) {
                read(part, first, last, target);
            }
            start = end;
        }
    }

    /** Reads rows of a part, those at once that lie one behind the other in its layer. */
    private void read(Part part, int from, int to, ByteBuffer target) throws IOException {
        RowOrder order = part.linear().source().orderInLayer();
        int first = from;
        while (first < to) {
            int start = Math.toIntExact(order.sourceRow(first));
            int count = 1;
            while (first + count < to && order.sourceRow(first + count) == start + count) {
                count++;
            }
            int at = target.position();
            if (part.quantized() != null) {
                dequantize(part.quantized(), start, start + count, target);
            } else {
                widen(part.stored(), start, start + count, target);
            }
            if (part.linear().source().elements() instanceof ElementForm.Multiplied form) {
                form.multiply(start, count, target.slice(at, target.position() - at).order(target.order()).asFloatBuffer());
            }
            first += count;
        }
    }

    private void dequantize(QuantizedLinear linear, int from, int to, ByteBuffer target) throws IOException {
        float[] weights = new float[Math.multiplyExact(to - from, linear.inputs())];
        bytesRead.add(linear.read(from, to, weights));
        put(weights, target);
    }

    private void widen(SafetensorsTensor tensor, int from, int to, ByteBuffer target) throws IOException {
        int columns = Math.toIntExact(tensor.columns());
        int rowBytes = columns * tensor.type().bits() / 8;
        int rowsABlock = Math.max(1, BLOCK / rowBytes);
        byte[] block = new byte[Math.min(rowsABlock, to - from) * rowBytes];
        float[] weights = new float[columns];
        GgmlType type = tensor.type().ggml().orElseThrow();
        for (int first = from; first < to; first += rowsABlock) {
            int rows = Math.min(rowsABlock, to - first);
            folder.readFully(
                    tensor.file(), tensor.position() + (long) first * rowBytes, block, 0, rows * rowBytes);
            bytesRead.add((long) rows * rowBytes);
            for (int row = 0; row < rows; row++) {
                Dequantizers.of(type).dequantize(block, row * rowBytes, weights, 0, columns);
                put(weights, target);
            }
        }
    }

    private static void put(float[] weights, ByteBuffer target) {
        target.asFloatBuffer().put(weights);
        target.position(target.position() + weights.length * Float.BYTES);
    }

    @Override
    public long bytesRead() {
        return bytesRead.sum() + rest.bytesRead();
    }

    @Override
    public String location() {
        return folder.location();
    }
}
