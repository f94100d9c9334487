package io.nightshift.jobs.quantize;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.architecture.SourceFloats;
import io.nightshift.formats.architecture.SourceRows;
import io.nightshift.formats.architecture.TensorRecipe;
import io.nightshift.kernels.BF16;
import io.nightshift.kernels.F16;
import io.nightshift.kernels.GgmlType;

/**
 * Rows of a tensor in the precision that the converter would have written, out of the bytes of a source tensor; every weight
 * is checked on the way. For one task; the arrays are reused.
 */
final class TensorRows {
    private float[] weights = {};
    private byte[] rounded = {};

    private TensorRecipe tensor;
    private GgmlType sourceType;
    private String sourceName;
    private float shift;
    private byte[] source;
    private int sourceOffset;
    private long firstRow;
    private int rows;
    private boolean hasWeights;

    /**
     * Takes rows. They are read when {@link #weights} or another method is called.
     *
     * @param tensor the output tensor
     * @param rowsOf where the rows come from
     * @param sourceType the type in which they are read
     * @param source raw rows, from {@code sourceOffset}
     * @param firstRow the first of them, in the output tensor
     * @param rows number of rows, all of one expert
     */
    void take(TensorRecipe tensor, SourceRows rowsOf, GgmlType sourceType, byte[] source, int sourceOffset,
            long firstRow, int rows) {
        this.tensor = tensor;
        this.sourceType = sourceType;
        this.sourceName = rowsOf.tensor().name();
        this.shift = rowsOf.shift();
        this.source = source;
        this.sourceOffset = sourceOffset;
        this.firstRow = firstRow;
        this.rows = rows;
        this.hasWeights = false;
    }

    TensorRecipe tensor() {
        return tensor;
    }

    long firstRow() {
        return firstRow;
    }

    int rows() {
        return rows;
    }

    int columns() {
        return Math.toIntExact(tensor.columns());
    }

    /** The array that the rows' bytes are in. */
    byte[] source() {
        return source;
    }

    /** Where they begin in it. */
    int sourceOffset() {
        return sourceOffset;
    }

    /**
     * The rows as floats, from the start of an array that {@link #take} may overwrite.
     *
     * @throws InvalidModelException if a weight is not finite, or too large for the type that the converter writes
     */
    float[] weights() {
        toWeights();
        return weights;
    }

    /** Whether the rows' bytes are those of a type already. */
    boolean areStoredAs(GgmlType type) {
        return isSourceType(tensor.type()) && type == tensor.type() && shift == 0;
    }

    /** Whether the rows' bytes are bfloat16 that halves are made of. */
    boolean areHalvesOfBF16(GgmlType type) {
        return isSourceType(GgmlType.BF16) && tensor.type() == GgmlType.BF16 && type == GgmlType.F16;
    }

    /** Makes halves of bfloat16, from the start of an array. */
    void toHalves(byte[] blocks) {
        requireFinite(BF16.toF16(source, sourceOffset, blocks, 0, count()));
    }

    /** @throws InvalidModelException if a weight is not finite */
    void requireFinite() {
        if (!hasWeights) {
            requireFinite(firstNonFinite(count()));
        }
    }

    /** What is wrong with one of the rows. */
    InvalidModelException refusal(int row, String why, Exception cause) {
        return new InvalidModelException(
                tensor.name() + " (" + sourceName + "), row " + (firstRow + row) + ": " + why, cause);
    }

    private void toWeights() {
        if (hasWeights) {
            return;
        }
        int count = count();
        if (weights.length < count) {
            weights = new float[count];
        }
        requireFinite(SourceFloats.read(sourceType, source, sourceOffset, weights, 0, count));
        if (shift != 0) {
            for (int i = 0; i < count; i++) {
                weights[i] += shift;
            }
            if (sourceType == GgmlType.F16) {
                // The converter widens BF16 before it shifts, but not F16.
                round(GgmlType.F16, count);
            }
        }
        if (!isSourceType(tensor.type())) {
            // The converter writes F32 sources as F16, say: what is quantized has that precision.
            round(tensor.type(), count);
        }
        hasWeights = true;
    }

    /** Rounds the weights to what a type can hold. */
    private void round(GgmlType type, int count) {
        if (type == GgmlType.F32) {
            return;
        }
        if (rounded.length < count * Short.BYTES) {
            rounded = new byte[count * Short.BYTES];
        }
        int infinite;
        if (type == GgmlType.F16) {
            F16.fromFloats(weights, 0, rounded, 0, count);
            infinite = F16.toFloats(rounded, 0, weights, 0, count);
        } else {
            BF16.fromFloats(weights, 0, rounded, 0, count);
            infinite = BF16.toFloats(rounded, 0, weights, 0, count);
        }
        if (infinite >= 0) {
            throw new InvalidModelException(sourceName + ", row " + (firstRow + infinite / columns())
                    + ": a weight is too large for " + type + ", which the checkpoint's matrices are converted to");
        }
    }

    private int firstNonFinite(int count) {
        return SourceFloats.firstNonFinite(sourceType, source, sourceOffset, count);
    }

    private void requireFinite(int firstNonFinite) {
        if (firstNonFinite >= 0) {
            throw new InvalidModelException(sourceName + ", row " + (firstRow + firstNonFinite / columns()) + ", column "
                    + firstNonFinite % columns() + ": the weight is infinite or not a number; the checkpoint is damaged");
        }
    }

    private boolean isSourceType(GgmlType type) {
        return sourceType == type;
    }

    private int count() {
        return Math.multiplyExact(rows, columns());
    }
}
