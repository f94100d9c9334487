package io.nightshift.formats.architecture;

import io.nightshift.formats.safetensors.SafetensorsTensor;
import io.nightshift.formats.safetensors.SafetensorsType;
import io.nightshift.formats.storage.ModelFolder;
import io.nightshift.formats.storage.StoredRows;
import io.nightshift.kernels.GgmlType;
import io.nightshift.kernels.HalfFloat;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * Reads rows that are more than stored bytes: dequantized, transposed, with other columns, or taken out of a tensor that
 * holds others between them. Not safe for use by several threads.
 *
 * <p>Of a transposed matrix all stored rows are held, dequantized, until another one is read: columns of the output times
 * rows of the output times 2 bytes (4 if F32 or FP8); that is one expert's matrix, or one head's. Elsewhere the rows of
 * the caller's block are held once more.
 */
final class PartReader {
    private final ModelFolder folder;
    private long bytesRead;
    private SourceRows transposed;
    private byte[] slab;
    private SafetensorsTensor factorsOf;
    private float[] factors;

    PartReader(ModelFolder folder) {
        this.folder = folder;
    }

    long bytesRead() {
        return bytesRead;
    }

    /** Rows [from, to) of a part, in the form that it says, into a block from an offset. */
    void read(SourceRows part, long from, long to, byte[] into, int offset) throws IOException {
        int count = Math.toIntExact(to - from);
        int rowBytes = Math.toIntExact(part.rowBytes());
        if (part.columns() instanceof ColumnForm.Transposed form) {
            readTransposed(part, form, from, count, into, offset);
            return;
        }
        long[] rows = new long[count];
        for (int i = 0; i < count; i++) {
            rows[i] = part.firstRow() + part.order().sourceRow(from + i);
        }
        byte[] made = elements(part, rows);
        if (part.columns() instanceof ColumnForm.Reordered form) {
            reorder(made, form.order(), part, count, into, offset);
        } else {
            System.arraycopy(made, 0, into, offset, count * rowBytes);
        }
    }

    private static void reorder(byte[] made, RowOrder order, SourceRows part, int count, byte[] into, int offset) {
        int width = part.type().blockBytes();
        int length = Math.toIntExact(part.length());
        for (int column = 0; column < length; column++) {
            int source = Math.toIntExact(order.sourceRow(column));
            for (int row = 0; row < count; row++) {
                System.arraycopy(made, (row * length + source) * width, into, offset + (row * length + column) * width, width);
            }
        }
    }

    private void readTransposed(
            SourceRows part, ColumnForm.Transposed form, long from, int count, byte[] into, int offset) throws IOException {
        int stored = Math.toIntExact(form.rows());
        if (!isHeld(part)) {
            long[] rows = new long[stored];
            Arrays.setAll(rows, i -> part.firstRow() + i);
            slab = elements(part, rows);
            transposed = part;
        }
        int width = part.type().blockBytes();
        int columns = Math.toIntExact(part.elements().columns(part.tensor()));
        for (int i = 0; i < count; i++) {
            int column = Math.toIntExact(part.order().sourceRow(from + i));
            int at = offset + i * stored * width;
            for (int row = 0; row < stored; row++) {
                int source = (row * columns + column) * width;
                for (int b = 0; b < width; b++) {
                    into[at++] = slab[source + b];
                }
            }
        }
    }

    private boolean isHeld(SourceRows part) {
        return transposed != null
                && transposed.firstRow() == part.firstRow()
                && transposed.columns().equals(part.columns())
                && transposed.tensor().equals(part.tensor());
    }

    /** Stored rows, their elements as the part has them. */
    private byte[] elements(SourceRows part, long[] rows) throws IOException {
        SafetensorsTensor tensor = part.tensor();
        byte[] stored = rows(tensor, rows);
        if (part.elements() instanceof ElementForm.Scaled form) {
            return scaled(stored, form, factors(form.factors()), rows, Math.toIntExact(tensor.columns()));
        }
        if (part.elements() instanceof ElementForm.PackedMxfp4 form) {
            return Mxfp4Repacking.blocks(stored, rows(form.exponents(), rows));
        }
        if (part.elements() instanceof ElementForm.NegativeExponential) {
            return negativeExponentials(stored, tensor);
        }
        if (part.elements() instanceof ElementForm.Multiplied form) {
            return multiplied(stored, tensor, form, rows);
        }
        return tensor.type() == SafetensorsType.F64 ? rounded(stored) : stored;
    }

    private static byte[] rounded(byte[] stored) {
        ByteBuffer doubles = ByteBuffer.wrap(stored).order(ByteOrder.LITTLE_ENDIAN);
        ByteBuffer out = ByteBuffer.allocate(stored.length / 2).order(ByteOrder.LITTLE_ENDIAN);
        while (doubles.hasRemaining()) {
            out.putFloat((float) doubles.getDouble());
        }
        return out.array();
    }

    private static byte[] scaled(
            byte[] stored, ElementForm.Scaled form, float[] factors, long[] rows, int columns) {
        byte[] made = new byte[Math.multiplyExact(stored.length, Float.BYTES)];
        ByteBuffer out = ByteBuffer.wrap(made).order(ByteOrder.LITTLE_ENDIAN);
        int block = Math.toIntExact(Math.min(form.blockColumns(), columns));
        int at = 0;
        for (long row : rows) {
            for (int column = 0; column < columns; column += block) {
                float factor = factors[form.index(row, column, columns)];
                int end = at + Math.min(block, columns - column);
                while (at < end) {
                    out.putFloat(Float8.toFloat(stored[at++]) * factor);
                }
            }
        }
        return made;
    }

    private static byte[] negativeExponentials(byte[] bytes, SafetensorsTensor tensor) {
        float[] numbers = numbers(bytes, tensor);
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = -computed((float) Math.exp(numbers[i]), tensor);
        }
        return bytes(numbers);
    }

    private static byte[] multiplied(byte[] bytes, SafetensorsTensor tensor, ElementForm.Multiplied form, long[] rows) {
        float[] numbers = numbers(bytes, tensor);
        int columns = Math.toIntExact(tensor.columns());
        for (int row = 0; row < rows.length; row++) {
            for (float factor : form.factors(rows[row])) {
                for (int i = row * columns; i < (row + 1) * columns; i++) {
                    numbers[i] = computed(numbers[i] * factor, tensor);
                }
            }
        }
        return bytes(numbers);
    }

    /** The converter works on F16 tensors in F16. */
    private static float computed(float result, SafetensorsTensor tensor) {
        return tensor.type() == SafetensorsType.F16 ? HalfFloat.toFloat(HalfFloat.fromFloat(result)) : result;
    }

    private static float[] numbers(byte[] bytes, SafetensorsTensor tensor) {
        float[] numbers = new float[bytes.length * 8 / tensor.type().bits()];
        boolean wide = tensor.type() == SafetensorsType.F64;
        SourceFloats.read(wide ? GgmlType.F32 : tensor.type().ggml().orElseThrow(), wide ? rounded(bytes) : bytes, 0,
                numbers, 0, numbers.length);
        return numbers;
    }

    private static byte[] bytes(float[] numbers) {
        ByteBuffer out = ByteBuffer.allocate(numbers.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        for (float number : numbers) {
            out.putFloat(number);
        }
        return out.array();
    }

    private float[] factors(SafetensorsTensor tensor) throws IOException {
        if (!tensor.equals(factorsOf)) {
            byte[] stored = new byte[Math.toIntExact(tensor.length())];
            folder.readFully(tensor.file(), tensor.position(), stored, 0, stored.length);
            bytesRead += stored.length;
            factors = new float[Math.toIntExact(tensor.elements())];
            SourceFloats.read(tensor.type().ggml().orElseThrow(), stored, 0, factors, 0, factors.length);
            factorsOf = tensor;
        }
        return factors;
    }

    /** Stored rows, in the order given. */
    private byte[] rows(SafetensorsTensor tensor, long[] rows) throws IOException {
        int rowBytes = Math.toIntExact(tensor.columns() * tensor.type().bits() / 8);
        byte[] all = new byte[Math.multiplyExact(rows.length, rowBytes)];
        bytesRead += StoredRows.read(folder, tensor.file(), tensor.position(), rowBytes, rows, all, 0);
        return all;
    }
}
