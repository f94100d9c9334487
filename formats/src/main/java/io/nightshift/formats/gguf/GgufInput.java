package io.nightshift.formats.gguf;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.Printable;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Little-endian primitives and values of GGUF, from a stream. Counts are checked against the file before memory is taken. */
final class GgufInput {
    private final InputStream in;
    private final long fileLength;
    private final ByteBuffer primitive = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);

    GgufInput(InputStream in, long fileLength) {
        this.in = in;
        this.fileLength = fileLength;
    }

    int int32() throws IOException {
        return read(4).getInt();
    }

    long int64() throws IOException {
        return read(8).getLong();
    }

    /** A count of things that take at least so many bytes each. */
    int count(int leastBytes, String what) throws IOException {
        long count = int64();
        if (count < 0 || count > fileLength / leastBytes || count > Integer.MAX_VALUE - 8) {
            throw new InvalidModelException("claims " + Long.toUnsignedString(count) + " " + what + " in a file of "
                    + fileLength + " bytes");
        }
        return (int) count;
    }

    byte[] bytes() throws IOException {
        return exactly(count(1, "bytes of text"));
    }

    String string() throws IOException {
        return new String(bytes(), StandardCharsets.UTF_8);
    }

    /** A text of at most so many bytes. */
    String string(int most, String what) throws IOException {
        int length = count(1, "bytes of text");
        if (length > most) {
            throw new InvalidModelException(
                    what + " claims " + length + " bytes; at most " + most + " are possible: the file is damaged");
        }
        return new String(exactly(length), StandardCharsets.UTF_8);
    }

    GgufValue typedValue(String key) throws IOException {
        int type = int32();
        String shown = Printable.name(key);
        return type == GgufValueType.ARRAY ? array(shown) : value(type, shown);
    }

    private GgufValue value(int type, String key) throws IOException {
        return switch (type) {
            case GgufValueType.UINT8 -> new GgufValue.Uint8(read(1).get() & 0xff);
            case GgufValueType.INT8 -> new GgufValue.Int8(read(1).get());
            case GgufValueType.UINT16 -> new GgufValue.Uint16(read(2).getShort() & 0xffff);
            case GgufValueType.INT16 -> new GgufValue.Int16(read(2).getShort());
            case GgufValueType.UINT32 -> new GgufValue.Uint32(int32() & 0xffffffffL);
            case GgufValueType.INT32 -> new GgufValue.Int32(int32());
            case GgufValueType.FLOAT32 -> new GgufValue.Float32(Float.intBitsToFloat(int32()));
            case GgufValueType.BOOL -> new GgufValue.Bool(read(1).get() != 0);
            case GgufValueType.STRING -> new GgufValue.Text(string());
            case GgufValueType.UINT64 -> new GgufValue.Uint64(int64());
            case GgufValueType.INT64 -> new GgufValue.Int64(int64());
            case GgufValueType.FLOAT64 -> new GgufValue.Float64(Double.longBitsToDouble(int64()));
            default -> throw new InvalidModelException("metadata key " + key + " has the unknown value type "
                    + Integer.toUnsignedString(type));
        };
    }

    private GgufValue array(String key) throws IOException {
        int type = int32();
        if (type == GgufValueType.STRING) {
            int count = count(8, "strings in " + key);
            List<byte[]> texts = new ArrayList<>(count);
            for (int i = 0; i < count; i++) {
                texts.add(bytes());
            }
            return new GgufValue.Texts(texts);
        }
        if (type < 0 || type == GgufValueType.ARRAY || type > GgufValueType.FLOAT64) {
            throw new InvalidModelException("metadata key " + key + " is an array of the unsupported type "
                    + Integer.toUnsignedString(type));
        }
        int size = GgufValueType.size(type);
        int count = count(size, "values in " + key);
        switch (type) {
            case GgufValueType.INT32, GgufValueType.UINT32 -> {
                int[] values = new int[count];
                elements(count, size).asIntBuffer().get(values);
                return type == GgufValueType.INT32 ? new GgufValue.Int32s(values) : new GgufValue.Uint32s(values);
            }
            case GgufValueType.FLOAT32 -> {
                float[] values = new float[count];
                elements(count, size).asFloatBuffer().get(values);
                return new GgufValue.Float32s(values);
            }
            case GgufValueType.BOOL -> {
                boolean[] values = new boolean[count];
                ByteBuffer elements = elements(count, size);
                for (int i = 0; i < count; i++) {
                    values[i] = elements.get() != 0;
                }
                return new GgufValue.Bools(values);
            }
            default -> {
                List<GgufValue> values = new ArrayList<>();
                for (int i = 0; i < count; i++) {
                    values.add(value(type, key));
                }
                return new GgufValue.Array(type, values);
            }
        }
    }

    private ByteBuffer elements(int count, int size) throws IOException {
        return ByteBuffer.wrap(exactly(Math.multiplyExact(count, size))).order(ByteOrder.LITTLE_ENDIAN);
    }

    private ByteBuffer read(int length) throws IOException {
        if (in.readNBytes(primitive.array(), 0, length) < length) {
            throw new EOFException();
        }
        return primitive.clear();
    }

    private byte[] exactly(int length) throws IOException {
        byte[] bytes = in.readNBytes(length);
        if (bytes.length < length) {
            throw new EOFException();
        }
        return bytes;
    }
}
