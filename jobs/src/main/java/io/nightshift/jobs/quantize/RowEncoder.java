package io.nightshift.jobs.quantize;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.architecture.SourceFloats;
import io.nightshift.formats.architecture.SourceRows;
import io.nightshift.formats.architecture.TensorRecipe;
import io.nightshift.kernels.BF16;
import io.nightshift.kernels.BlockValidator;
import io.nightshift.kernels.F16;
import io.nightshift.kernels.GgmlType;
import io.nightshift.kernels.dequantize.Dequantizers;
import io.nightshift.kernels.quantize.Quantizers;
import io.nightshift.kernels.quantize.RowQuantizer;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;

/**
 * Turns rows of a source tensor into rows of a target: to floats, rounded to the type that the converter would have
 * written, then into blocks; every weight and every block is checked on the way. For one task; the arrays are reused.
 */
final class RowEncoder {
    /** Weights that are worked on at once, about: what fits the cache together with the blocks made of it. */
    static final int WEIGHTS_AT_ONCE = 1 << 15;

    /** A row that comes back with a larger relative error than this was not quantized but garbled. */
    private static final double GARBLED = 1.25;

    private final Map<GgmlType, RowQuantizer> quantizers = new EnumMap<>(GgmlType.class);
    private float[] weights = new float[WEIGHTS_AT_ONCE];
    private float[] row = new float[0];
    private byte[] rounded = new byte[0];
    private byte[] blocks = new byte[0];

    private TensorRecipe tensor;
    private GgmlType sourceType;
    private String sourceName;
    private float shift;
    private byte[] source;
    private int sourceOffset;
    private long firstRow;
    private int rows;
    private boolean hasWeights;
    private float[] encoded;
    private ImportanceSlice importance;

    /** Takes the importance of the rows that come next. */
    void weigh(ImportanceSlice importance) {
        this.importance = importance;
    }

    /**
     * Takes rows that targets are to be made of. They are read when {@link #encode} is called.
     *
     * @param tensor the output tensor
     * @param rowsOf where the rows come from
     * @param source raw rows, from {@code sourceOffset}
     * @param firstRow the first of them, in the output tensor
     * @param rows number of rows, all of one expert
     */
    void take(TensorRecipe tensor, SourceRows rowsOf, byte[] source, int sourceOffset, long firstRow, int rows) {
        this.tensor = tensor;
        this.sourceType = rowsOf.type();
        this.sourceName = rowsOf.tensor().name();
        this.shift = rowsOf.shift();
        this.source = source;
        this.sourceOffset = sourceOffset;
        this.firstRow = firstRow;
        this.rows = rows;
        this.hasWeights = false;
        this.encoded = null;
    }

    /** The rows in the precision that the converter writes, from the start of an array that {@link #take} may overwrite. */
    float[] weights() {
        toWeights();
        return weights;
    }

    /** The importance of the rows' columns; null where there is none. */
    float[] importance() {
        return importance.values() == null
                ? null
                : Arrays.copyOfRange(importance.values(), importanceOffset(), importanceOffset() + columns());
    }

    /**
     * Other weights in the place of the rows' as blocks of a type, in an array that the next call overwrites.
     *
     * @param others as many as the rows have
     * @param importance of their columns; may be null
     * @throws InvalidModelException if a weight is too large for the type
     */
    byte[] encode(GgmlType type, float[] others, float[] importance) {
        makeRoom(type);
        encoded = others;
        quantizer(type).quantize(others, 0, rows, columns(), importance, 0, blocks, 0);
        requireValid(type);
        return blocks;
    }

    /** Other weights in the place of the rows' as blocks of a type; {@link #encode} has found that they fit. */
    void quantize(GgmlType type, float[] others, int count, float[] importance, byte[] made) {
        quantizer(type).quantize(others, 0, count, columns(), importance, 0, made, 0);
    }

    /** What single rows become: quantized and read back. */
    void nearest(GgmlType type, float[] others, int count, float[] importance, float[] rounded) {
        byte[] made = new byte[Math.toIntExact(count * type.rowBytes(columns()))];
        quantizer(type).quantize(others, 0, count, columns(), importance, 0, made, 0);
        Dequantizers.of(type).dequantize(made, 0, rounded, 0, count * columns());
    }

    /** Reads one row of blocks back. */
    void decode(GgmlType type, byte[] made, int index, float[] into, int place) {
        int at = Math.toIntExact(index * type.rowBytes(columns()));
        Dequantizers.of(type).dequantize(made, at, into, place * columns(), columns());
    }

    /**
     * The rows as blocks of a type, in an array that the next call overwrites.
     *
     * @throws InvalidModelException if a weight is not finite, or too large for the type
     */
    byte[] encode(GgmlType type) {
        int count = count();
        int bytes = makeRoom(type);
        encoded = null;
        if (isSourceType(tensor.type()) && type == tensor.type() && shift == 0) {
            requireFinite(hasWeights ? -1 : firstNonFinite(count));
            System.arraycopy(source, sourceOffset, blocks, 0, bytes);
            return blocks;
        }
        if (isSourceType(GgmlType.BF16) && tensor.type() == GgmlType.BF16 && type == GgmlType.F16) {
            requireFinite(BF16.toF16(source, sourceOffset, blocks, 0, count));
        } else {
            toWeights();
            KernelWarmUp.of(type).run(count, () -> quantizer(type)
                    .quantize(weights, 0, rows, columns(), importance.values(), importanceOffset(), blocks, 0));
        }
        requireValid(type);
        return blocks;
    }

    private RowQuantizer quantizer(GgmlType type) {
        return quantizers.computeIfAbsent(type, Quantizers::create);
    }

    private int makeRoom(GgmlType type) {
        int bytes = length(type);
        if (blocks.length < bytes) {
            blocks = new byte[bytes];
        }
        return bytes;
    }

    /**
     * Checks the blocks that were made last.
     *
     * @throws InvalidModelException if a weight was too large for the type
     */
    void requireValid(GgmlType type) {
        int invalid = BlockValidator.firstInvalidBlock(type, blocks, 0, length(type));
        if (invalid >= 0) {
            long weight = (long) invalid * type.blockSize();
            throw new InvalidModelException(tensor.name() + " (" + sourceName + "), row "
                    + (firstRow + weight / columns()) + ": the weights are too large for " + type);
        }
    }

    /** Bytes that {@link #encode} gives. */
    int length(GgmlType type) {
        return Math.toIntExact(rows * type.rowBytes(columns()));
    }

    /**
     * Reads the first row back from the blocks that {@link #encode} just made.
     *
     * @return what it lost
     * @throws IllegalStateException if it has nothing to do with the weights
     */
    TensorError checkFirstRow(GgmlType type) {
        toWeights();
        float[] meant = encoded == null ? weights : encoded;
        int columns = columns();
        if (row.length < columns) {
            row = new float[columns];
        }
        Dequantizers.of(type).dequantize(blocks, 0, row, 0, columns);
        TensorError error = error(meant, columns, null);
        // Where columns are of no importance the few bits may be spent on the others.
        if (isGarbled(error) && (importance.values() == null || isGarbled(error(meant, columns, importance.values())))) {
            throw new IllegalStateException(tensor.name() + ", row " + firstRow + ": reading " + type
                    + " back gives other weights (relative error " + error.relative() + "); please report this");
        }
        return error;
    }

    private TensorError error(float[] meant, int columns, float[] columnImportance) {
        double error = 0;
        double norm = 0;
        for (int i = 0; i < columns; i++) {
            double factor = columnImportance == null ? 1 : columnImportance[importanceOffset() + i];
            double difference = (double) row[i] - meant[i];
            error += factor * difference * difference;
            norm += factor * meant[i] * meant[i];
        }
        return new TensorError(error, norm);
    }

    // Written so that NaN is garbled too.
    private static boolean isGarbled(TensorError error) {
        return !(error.squaredError() <= GARBLED * GARBLED * error.squaredNorm());
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

    private int importanceOffset() {
        return importance.offset(tensor, firstRow);
    }

    private int columns() {
        return Math.toIntExact(tensor.columns());
    }

    private int count() {
        return Math.multiplyExact(rows, columns());
    }
}
