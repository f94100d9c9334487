package io.nightshift.formats.gguf;

import java.util.List;

/** A metadata value of GGUF (ggml/include/gguf.h, enum gguf_type). */
public sealed interface GgufValue {
    record Uint8(int value) implements GgufValue {}

    record Int8(byte value) implements GgufValue {}

    record Uint16(int value) implements GgufValue {}

    record Int16(short value) implements GgufValue {}

    /** @param value 0 to 2^32 - 1 */
    record Uint32(long value) implements GgufValue {
        public Uint32 {
            if (value < 0 || value > 0xffffffffL) {
                throw new IllegalArgumentException(value + " does not fit an unsigned 32-bit integer");
            }
        }
    }

    record Int32(int value) implements GgufValue {}

    record Float32(float value) implements GgufValue {}

    record Bool(boolean value) implements GgufValue {}

    record Text(String value) implements GgufValue {}

    /** @param value as the bits of an unsigned 64-bit integer */
    record Uint64(long value) implements GgufValue {}

    record Int64(long value) implements GgufValue {}

    record Float64(double value) implements GgufValue {}

    /**
     * An array of values of one type.
     *
     * @param elementType the type number of the elements, needed where the array is empty
     */
    record Array(int elementType, List<GgufValue> values) implements GgufValue {}

    /** An array of strings. Strings are kept as bytes: tokens need not be UTF-8. */
    record Texts(List<byte[]> values) implements GgufValue {}

    /** An array of 32-bit integers. */
    record Int32s(int[] values) implements GgufValue {}

    /** An array of unsigned 32-bit integers, as their bits. */
    record Uint32s(int[] values) implements GgufValue {}

    /** An array of 32-bit floats. */
    record Float32s(float[] values) implements GgufValue {}

    /** An array of booleans. */
    record Bools(boolean[] values) implements GgufValue {}
}
