package io.nightshift.formats.gguf;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** Little-endian primitives and values of GGUF, into memory. */
final class GgufOutput {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    void int32(int value) {
        bytes.writeBytes(buffer(4).putInt(value).array());
    }

    void int64(long value) {
        bytes.writeBytes(buffer(8).putLong(value).array());
    }

    void string(byte[] utf8) {
        int64(utf8.length);
        bytes.writeBytes(utf8);
    }

    void string(String value) {
        string(value.getBytes(StandardCharsets.UTF_8));
    }

    /** Zeros up to a multiple of the alignment. */
    void align(int alignment) {
        while (bytes.size() % alignment != 0) {
            bytes.write(0);
        }
    }

    void typedValue(GgufValue value) {
        int32(typeOf(value));
        if (value instanceof GgufValue.Array array) {
            arrayHeader(array.elementType(), array.values().size());
            array.values().forEach(this::value);
        } else if (value instanceof GgufValue.Texts texts) {
            arrayHeader(GgufValueType.STRING, texts.values().size());
            texts.values().forEach(this::string);
        } else if (value instanceof GgufValue.Int32s array) {
            ints(GgufValueType.INT32, array.values());
        } else if (value instanceof GgufValue.Uint32s array) {
            ints(GgufValueType.UINT32, array.values());
        } else if (value instanceof GgufValue.Float32s array) {
            arrayHeader(GgufValueType.FLOAT32, array.values().length);
            ByteBuffer buffer = buffer(array.values().length * Float.BYTES);
            buffer.asFloatBuffer().put(array.values());
            bytes.writeBytes(buffer.array());
        } else if (value instanceof GgufValue.Bools array) {
            arrayHeader(GgufValueType.BOOL, array.values().length);
            for (boolean element : array.values()) {
                bytes.write(element ? 1 : 0);
            }
        } else {
            value(value);
        }
    }

    byte[] toByteArray() {
        return bytes.toByteArray();
    }

    private void value(GgufValue value) {
        if (value instanceof GgufValue.Uint8 number) {
            bytes.write(number.value());
        } else if (value instanceof GgufValue.Int8 number) {
            bytes.write(number.value());
        } else if (value instanceof GgufValue.Bool flag) {
            bytes.write(flag.value() ? 1 : 0);
        } else if (value instanceof GgufValue.Uint16 number) {
            bytes.writeBytes(buffer(2).putShort((short) number.value()).array());
        } else if (value instanceof GgufValue.Int16 number) {
            bytes.writeBytes(buffer(2).putShort(number.value()).array());
        } else if (value instanceof GgufValue.Uint32 number) {
            int32((int) number.value());
        } else if (value instanceof GgufValue.Int32 number) {
            int32(number.value());
        } else if (value instanceof GgufValue.Float32 number) {
            int32(Float.floatToRawIntBits(number.value()));
        } else if (value instanceof GgufValue.Uint64 number) {
            int64(number.value());
        } else if (value instanceof GgufValue.Int64 number) {
            int64(number.value());
        } else if (value instanceof GgufValue.Float64 number) {
            int64(Double.doubleToRawLongBits(number.value()));
        } else if (value instanceof GgufValue.Text text) {
            string(text.value());
        } else {
            throw new IllegalArgumentException("GGUF has no arrays of " + value.getClass().getSimpleName());
        }
    }

    private void ints(int elementType, int[] values) {
        arrayHeader(elementType, values.length);
        ByteBuffer buffer = buffer(values.length * Integer.BYTES);
        buffer.asIntBuffer().put(values);
        bytes.writeBytes(buffer.array());
    }

    private void arrayHeader(int elementType, int length) {
        int32(elementType);
        int64(length);
    }

    private static int typeOf(GgufValue value) {
        if (value instanceof GgufValue.Uint8) {
            return GgufValueType.UINT8;
        } else if (value instanceof GgufValue.Int8) {
            return GgufValueType.INT8;
        } else if (value instanceof GgufValue.Uint16) {
            return GgufValueType.UINT16;
        } else if (value instanceof GgufValue.Int16) {
            return GgufValueType.INT16;
        } else if (value instanceof GgufValue.Uint32) {
            return GgufValueType.UINT32;
        } else if (value instanceof GgufValue.Int32) {
            return GgufValueType.INT32;
        } else if (value instanceof GgufValue.Float32) {
            return GgufValueType.FLOAT32;
        } else if (value instanceof GgufValue.Bool) {
            return GgufValueType.BOOL;
        } else if (value instanceof GgufValue.Text) {
            return GgufValueType.STRING;
        } else if (value instanceof GgufValue.Uint64) {
            return GgufValueType.UINT64;
        } else if (value instanceof GgufValue.Int64) {
            return GgufValueType.INT64;
        } else if (value instanceof GgufValue.Float64) {
            return GgufValueType.FLOAT64;
        }
        return GgufValueType.ARRAY;
    }

    private static ByteBuffer buffer(int length) {
        return ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
    }
}
