package io.nightshift.formats.layout;

import io.nightshift.formats.storage.ModelFolder;
import io.nightshift.kernels.encoding.EncodedRows;
import java.io.IOException;
import java.io.Serializable;
import java.util.List;

/**
 * How the rounded rows of a linear layer become bytes where a layout is transposed, or spreads a layer over several tensors:
 * blocks of rows are packed on their own, in any task, and put together once.
 *
 * <p>Implementations are records: an output's digest follows from their text.
 */
public interface RowPacking extends Serializable {
    /** Rows that are packed together: blocks begin at multiples of it. */
    int granule();

    /**
     * Packs a block of rows.
     *
     * @param from number of the first row, a multiple of {@link #granule}
     * @throws io.nightshift.formats.InvalidModelException if the rows cannot be stored; the message names layer and row
     */
    PackedRows pack(int from, EncodedRows rows);

    /**
     * Puts blocks together.
     *
     * @param blocks of all rows, in any order
     * @return the layer's bytes as they lie in the file
     * @throws IllegalArgumentException if a row is missing or there twice
     */
    byte[] assemble(List<PackedRows> blocks);

    /**
     * Reads rows back from the committed output, by the code that reads foreign outputs of the format.
     *
     * @param output the output's folder
     * @param rows their numbers, ascending
     * @return the weights of each
     * @throws io.nightshift.formats.InvalidModelException if they cannot be weights
     * @throws IOException if they cannot be read
     */
    float[][] read(ModelFolder output, int[] rows) throws IOException;
}
