package io.nightshift.formats.gguf;

import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** A metadata value of GGUF (ggml/include/gguf.h, enum gguf_type). */
public sealed interface GgufValue {
    /** The value as JSON knows it: a string, a boolean, a number, or a list of them. Strings are decoded as UTF-8. */
    Object plain();

    record Uint8(int value) implements GgufValue {
        @Override
        public Object plain() {
            return value;
        }
    }

    record Int8(byte value) implements GgufValue {
        @Override
        public Object plain() {
            return value;
        }
    }

    record Uint16(int value) implements GgufValue {
        @Override
        public Object plain() {
            return value;
        }
    }

    record Int16(short value) implements GgufValue {
        @Override
        public Object plain() {
            return value;
        }
    }

    /** @param value 0 to 2^32 - 1 */
    record Uint32(long value) implements GgufValue {
        public Uint32 {
            if (value < 0 || value > 0xffffffffL) {
                throw new IllegalArgumentException(value + " does not fit an unsigned 32-bit integer");
            }
        }

        @Override
        public Object plain() {
            return value;
        }
    }

    record Int32(int value) implements GgufValue {
        @Override
        public Object plain() {
            return value;
        }
    }

    record Float32(float value) implements GgufValue {
        @Override
        public Object plain() {
            return value;
        }
    }

    record Bool(boolean value) implements GgufValue {
        @Override
        public Object plain() {
            return value;
        }
    }

    record Text(String value) implements GgufValue {
        @Override
        public Object plain() {
            return value;
        }
    }

    /** @param value as the bits of an unsigned 64-bit integer */
    record Uint64(long value) implements GgufValue {
        @Override
        public Object plain() {
            return new BigInteger(Long.toUnsignedString(value));
        }
    }

    record Int64(long value) implements GgufValue {
        @Override
        public Object plain() {
            return value;
        }
    }

    record Float64(double value) implements GgufValue {
        @Override
        public Object plain() {
            return value;
        }
    }

    /**
     * An array of values of one type.
     *
     * @param elementType the type number of the elements, needed where the array is empty
     */
    record Array(int elementType, List<GgufValue> values) implements GgufValue {
        @Override
        public Object plain() {
            return values.stream().map(GgufValue::plain).toList();
        }
    }

    /** An array of strings. Strings are kept as bytes: tokens need not be UTF-8. */
    record Texts(List<byte[]> values) implements GgufValue {
        @Override
        public Object plain() {
            return values.stream().map(text -> new String(text, StandardCharsets.UTF_8)).toList();
        }
    }

    /** An array of 32-bit integers. */
    record Int32s(int[] values) implements GgufValue {
        @Override
        public Object plain() {
            return Arrays.stream(values).boxed().toList();
        }
    }

    /** An array of unsigned 32-bit integers, as their bits. */
    record Uint32s(int[] values) implements GgufValue {
        @Override
        public Object plain() {
            return Arrays.stream(values).mapToObj(Integer::toUnsignedLong).toList();
        }
    }

    /** An array of 32-bit floats. */
    record Float32s(float[] values) implements GgufValue {
        @Override
        public Object plain() {
            return IntStream.range(0, values.length).mapToObj(i -> values[i]).toList();
        }
    }

    /** An array of booleans. */
    record Bools(boolean[] values) implements GgufValue {
        @Override
        public Object plain() {
            return IntStream.range(0, values.length).mapToObj(i -> values[i]).toList();
        }
    }
}
