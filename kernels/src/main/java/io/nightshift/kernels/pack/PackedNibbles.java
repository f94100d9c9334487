package io.nightshift.kernels.pack;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * Integers from 0 to 15, a byte each and row-major, packed eight to a little-endian word of 32 bits: eight neighbours
 * of a row, or eight neighbours of a column.
 */
public final class PackedNibbles {
    /** Values a word. */
    public static final int VALUES = 8;

    private static final VarHandle WORD =
            MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

    /** Columns that are packed for all rows before the next ones: what their words lie in then stays in the cache. */
    private static final int TILE = 128;

    private PackedNibbles() {}

    /**
     * Packs neighbours of a row, in sequential order: the bytes are the same as those of two values a byte.
     *
     * @param values {@code count} of them from {@code offset}
     * @param count a multiple of 8
     * @param words receives {@code count / 2} bytes from {@code wordOffset}
     * @throws IllegalArgumentException if a value is not from 0 to 15, or the count is no multiple of 8
     * @throws IndexOutOfBoundsException if an array is too short
     */
    public static void packAlongRow(byte[] values, int offset, int count, byte[] words, int wordOffset) {
        requireWholeWords(count, "values");
        int seen = 0;
        for (int i = 0; i < count / 2; i++) {
            int low = values[offset + 2 * i];
            int high = values[offset + 2 * i + 1];
            seen |= low | high;
            words[wordOffset + i] = (byte) (low | high << 4);
        }
        requireNibbles(seen);
    }

    /** The inverse of {@link #packAlongRow}. */
    public static void unpackAlongRow(byte[] words, int wordOffset, byte[] values, int offset, int count) {
        requireWholeWords(count, "values");
        for (int i = 0; i < count / 2; i++) {
            int pair = words[wordOffset + i];
            values[offset + 2 * i] = (byte) (pair & 15);
            values[offset + 2 * i + 1] = (byte) (pair >> 4 & 15);
        }
    }

    /**
     * Packs neighbours of a column: rows 8r to 8r + 7 of column c make the word at
     * {@code wordOffset + r * rowStride + c * columnStride}.
     *
     * @param values [rows, columns]
     * @param rows a multiple of 8
     * @param order of the eight rows within a word
     * @param rowStride bytes from the word of eight rows to that of the next eight
     * @param columnStride bytes from the word of a column to that of the next one
     * @throws IllegalArgumentException if a value is not from 0 to 15, or the rows are no multiple of 8
     * @throws IndexOutOfBoundsException if an array is too short
     */
    public static void packAlongColumn(byte[] values, int rows, int columns, NibbleOrder order, byte[] words,
            int wordOffset, int rowStride, int columnStride) {
        requireWholeWords(rows, "rows");
        int seen = 0;
        for (int from = 0; from < columns; from += TILE) {
            int to = Math.min(columns, from + TILE);
            for (int row = 0; row < rows; row += VALUES) {
                int at = wordOffset + row / VALUES * rowStride;
                for (int column = from; column < to; column++) {
                    int word = 0;
                    for (int i = 0; i < VALUES; i++) {
                        int value = values[(row + i) * columns + column];
                        seen |= value;
                        word |= value << order.shift(i);
                    }
                    WORD.set(words, at + column * columnStride, word);
                }
            }
        }
        requireNibbles(seen);
    }

    /**
     * The inverse of {@link #packAlongColumn}, into columns of a wider array.
     *
     * @param values receives column c of row r at {@code offset + r * valueStride + c}
     */
    public static void unpackAlongColumn(byte[] words, int wordOffset, int rowStride, int columnStride,
            NibbleOrder order, byte[] values, int offset, int valueStride, int rows, int columns) {
        requireWholeWords(rows, "rows");
        for (int from = 0; from < columns; from += TILE) {
            int to = Math.min(columns, from + TILE);
            for (int row = 0; row < rows; row += VALUES) {
                int at = wordOffset + row / VALUES * rowStride;
                for (int column = from; column < to; column++) {
                    int word = (int) WORD.get(words, at + column * columnStride);
                    for (int i = 0; i < VALUES; i++) {
                        values[offset + (row + i) * valueStride + column] = (byte) (word >>> order.shift(i) & 15);
                    }
                }
            }
        }
    }

    private static void requireWholeWords(int count, String what) {
        if (count % VALUES != 0) {
            throw new IllegalArgumentException(count + " " + what + " are no whole words of " + VALUES);
        }
    }

    private static void requireNibbles(int seen) {
        if ((seen & ~15) != 0) {
            throw new IllegalArgumentException("a value is not from 0 to 15: four bits cannot hold it");
        }
    }
}
