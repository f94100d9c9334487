package io.nightshift.formats.architecture;

import io.nightshift.formats.safetensors.SafetensorsTensor;
import io.nightshift.formats.safetensors.SafetensorsType;
import io.nightshift.kernels.GgmlType;
import java.io.Serializable;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.Optional;

/** What the bytes of a stored row stand for. */
public sealed interface ElementForm extends Serializable {
    /** Floats as they are. */
    ElementForm AS_STORED = new AsStored();

    /** The type that rows are read as. */
    GgmlType type(SafetensorsTensor tensor);

    /** Weights of a stored row. */
    default long columns(SafetensorsTensor tensor) {
        return tensor.columns();
    }

    /** The tensor that they are worked out with besides their own. */
    default Optional<SafetensorsTensor> further() {
        return Optional.empty();
    }

    /** Floats as they are; those of 64 bits rounded to 32. */
    record AsStored() implements ElementForm {
        @Override
        public GgmlType type(SafetensorsTensor tensor) {
            return tensor.type() == SafetensorsType.F64
                    ? GgmlType.F32
                    : tensor.type().ggml().orElseThrow(
                            () -> new IllegalStateException(tensor.name() + " is of type " + tensor.type()));
        }
    }

    /**
     * Minus the exponential of each number, rounded correctly: decay rates of state spaces. The converter's is PyTorch's,
     * which is MKL's, whose last bit hangs on the processor: of numbers from 0.5 to 2, 1.1 % differ from the rounded ones
     * with AVX-512, and 4.0 % with AVX2.
     */
    record NegativeExponential() implements ElementForm {
        @Override
        public GgmlType type(SafetensorsTensor tensor) {
            return GgmlType.F32;
        }
    }

    /**
     * Numbers times factors, one after another, each product rounded as PyTorch rounds it: to the tensor's type if that is
     * F16, else to 32 bits.
     *
     * @param ranges of the stored rows, one behind the other, which have factors of their own
     */
    record Multiplied(List<Range> ranges) implements ElementForm {
        /** So many rows and what they are multiplied by. */
        public record Range(long rows, List<Float> factors) implements Serializable {}

        /** The factors of a stored row. */
        public List<Float> factors(long row) {
            long end = 0;
            for (Range range : ranges) {
                end += range.rows();
                if (row < end) {
                    return range.factors();
                }
            }
            throw new IllegalArgumentException("row " + row + " of " + end + " has no factors");
        }

        /**
         * Multiplies rows without factors, in place: those that loaders know, of which the model is run with factors.
         *
         * @param first number of the first stored row
         * @param rows how many there are
         */
        public void multiply(long first, int rows, FloatBuffer weights) {
            int columns = weights.remaining() / rows;
            for (int row = 0; row < rows; row++) {
                for (float factor : factors(first + row)) {
                    for (int i = row * columns; i < (row + 1) * columns; i++) {
                        weights.put(i, weights.get(i) * factor);
                    }
                }
            }
        }

        @Override
        public GgmlType type(SafetensorsTensor tensor) {
            return GgmlType.F32;
        }
    }

    /**
     * FP8 numbers (E4M3 without infinities) times a factor that a block of them has in common, in 32 bits: the
     * converter's dequant_simple. A factor a tensor has blocks as large as a matrix, a factor a channel blocks of a row.
     *
     * @param factors the factors, row by row of blocks, matrix by matrix
     * @param matrixRows rows of a matrix: the tensor may hold several
     * @param blockRows rows of a block
     * @param blockColumns columns of a block
     */
    record Scaled(SafetensorsTensor factors, long matrixRows, long blockRows, long blockColumns) implements ElementForm {
        @Override
        public GgmlType type(SafetensorsTensor tensor) {
            return GgmlType.F32;
        }

        @Override
        public Optional<SafetensorsTensor> further() {
            return Optional.of(factors);
        }

        /** Where the factor of an element stands among the factors. */
        int index(long row, long column, long columns) {
            long down = row / matrixRows * blocksDown() + row % matrixRows / blockRows;
            return Math.toIntExact(down * blocksAcross(columns) + column / blockColumns);
        }

        /** Blocks below each other in a matrix. */
        long blocksDown() {
            return (matrixRows + blockRows - 1) / blockRows;
        }

        /** Blocks beside each other in a matrix of so many columns. */
        long blocksAcross(long columns) {
            return (columns + blockColumns - 1) / blockColumns;
        }
    }

    /**
     * Blocks of 32 four-bit numbers, two a byte, whose exponents lie in another tensor: gpt-oss. They become ggml's
     * MXFP4 blocks, the same numbers in another order (conversion/gpt_oss.py, transform_nibble_layout).
     *
     * @param exponents one byte a block, rows as in the tensor of the blocks
     */
    record PackedMxfp4(SafetensorsTensor exponents) implements ElementForm {
        @Override
        public GgmlType type(SafetensorsTensor tensor) {
            return GgmlType.MXFP4;
        }

        @Override
        public long columns(SafetensorsTensor tensor) {
            return 2 * tensor.columns();
        }

        @Override
        public Optional<SafetensorsTensor> further() {
            return Optional.of(exponents);
        }
    }
}
