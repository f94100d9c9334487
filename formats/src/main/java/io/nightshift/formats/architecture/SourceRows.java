package io.nightshift.formats.architecture;

import io.nightshift.formats.safetensors.SafetensorsTensor;
import io.nightshift.formats.safetensors.SafetensorsType;
import io.nightshift.kernels.GgmlType;
import java.io.Serializable;
import java.util.Set;
import java.util.TreeSet;

/**
 * Rows that one source tensor makes: consecutive ones as they are, or reordered, transposed, dequantized. All that
 * {@link RowReader} does to them before it hands them on.
 *
 * @param tensor the source tensor, seen as rows of its last dimension (a vector is one row)
 * @param firstRow the first row taken
 * @param rows number of rows that are made
 * @param order order of the rows within the range; of the columns within the range where it is transposed
 * @param shift added to every weight: 1 for norms that multiply by 1 + weight, else 0. The sum of an F16 weight is
 *     rounded to F16; a BF16 weight is widened first, so that its sum is an F32 (conversion/base.py, prepare_tensors).
 *     {@link RowReader} leaves it to its caller
 * @param columns how the stored columns become those of the rows
 * @param elements what the stored bytes stand for
 */
public record SourceRows(
        SafetensorsTensor tensor,
        long firstRow,
        long rows,
        RowOrder order,
        float shift,
        ColumnForm columns,
        ElementForm elements)
        implements Serializable {
    /** Rows whose columns and elements are as they are stored. */
    public SourceRows(SafetensorsTensor tensor, long firstRow, long rows, RowOrder order, float shift) {
        this(tensor, firstRow, rows, order, shift, ColumnForm.AS_STORED, ElementForm.AS_STORED);
    }

    /** A whole tensor as it is. */
    static SourceRows whole(SafetensorsTensor tensor) {
        return new SourceRows(tensor, 0, tensor.rows(), RowOrder.AS_IS, 0);
    }

    SourceRows with(ElementForm form) {
        return new SourceRows(tensor, firstRow, rows, order, shift, columns, form);
    }

    SourceRows with(ColumnForm form) {
        return new SourceRows(tensor, firstRow, rows, order, shift, form, elements);
    }

    /** Some of the rows, of a matrix that stands in the order of the checkpoint. */
    SourceRows part(long from, long count) {
        return new SourceRows(tensor, firstRow + from, count, RowOrder.AS_IS, 0, ColumnForm.AS_STORED, elements);
    }

    /** The type that the rows are read as: that of the tensor, or F32 or MXFP4 where bytes are made into others. */
    public GgmlType type() {
        return elements.type(tensor);
    }

    /** Weights a row. */
    public long length() {
        return columns.length(elements.columns(tensor));
    }

    /** Bytes of a row as it is read. */
    public long rowBytes() {
        return type().rowBytes(length());
    }

    /**
     * The same rows in the order of the checkpoint. Rows that are columns there, or among which others lie, have no other order
     * than this one.
     */
    public SourceRows inCheckpointOrder() {
        if (!areWhole()) {
            return this;
        }
        return new SourceRows(tensor, firstRow, rows, RowOrder.AS_IS, 0, ColumnForm.AS_STORED, elements);
    }

    /** Whether the rows are a tensor's own, or its columns, all or some, of floats or of FP8 numbers with their factors. */
    boolean isMatrix() {
        boolean floats = elements instanceof ElementForm.AsStored || elements instanceof ElementForm.Multiplied;
        boolean numbers = floats && tensor.type() != SafetensorsType.F64 || elements instanceof ElementForm.Scaled;
        return (areWhole() || areApart() || areTransposed()) && numbers;
    }

    /** The rows without factors of the configuration, which loaders of Hugging Face models multiply by themselves. */
    SourceRows unmultiplied() {
        return elements instanceof ElementForm.Multiplied ? with(ElementForm.AS_STORED) : this;
    }

    /** Whether they are columns of what is stored. */
    public boolean areTransposed() {
        return columns instanceof ColumnForm.Transposed;
    }

    /** Whether they are rows of a matrix, whole, among which others lie that GGUF has in another tensor. */
    public boolean areApart() {
        return columns instanceof ColumnForm.AsStored && order instanceof RowOrder.Grouped;
    }

    /** Whether the checkpoint has the same rows in another order. */
    public boolean areReordered() {
        return areWhole() && !(order instanceof RowOrder.AsIs);
    }

    /** Where its rows stand among those of the layer that loaders know: others lie between them where they are apart. */
    public RowOrder orderInLayer() {
        return areApart() ? order : RowOrder.AS_IS;
    }

    /** Whether the rows are stored ones, whole and next to each other, in some order. */
    private boolean areWhole() {
        return !areTransposed() && order.permutes(rows);
    }

    /** The files that they are read from. */
    public Set<String> files() {
        Set<String> files = new TreeSet<>(Set.of(tensor.file()));
        elements.further().ifPresent(other -> files.add(other.file()));
        return files;
    }

    /** Whether the rows are stored bytes, moved at the most. */
    boolean isStored() {
        boolean moved = order instanceof RowOrder.Strided || order instanceof RowOrder.Grouped;
        return columns instanceof ColumnForm.AsStored && elements instanceof ElementForm.AsStored && !moved
                && tensor.type() != SafetensorsType.F64;
    }
}
