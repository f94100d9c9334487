package io.nightshift.formats.metadata;

import com.fasterxml.jackson.databind.JsonNode;
import io.nightshift.formats.gguf.GgufMetadata;
import io.nightshift.formats.gguf.GgufValue;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.function.Predicate;

/** Metadata in the lines of the golden digests: key, type, value; of an array its length and a SHA-256 of its bytes. */
public final class MetadataDigest {
    private MetadataDigest() {}

    /** The lines of metadata. */
    public static List<String> of(GgufMetadata metadata) {
        List<String> lines = new ArrayList<>();
        metadata.values().forEach((key, value) -> lines.add(key + " " + line(value)));
        return lines;
    }

    /** The lines of a golden digest's {@code kv} whose key is wanted. */
    public static List<String> of(JsonNode kv, Predicate<String> wanted) {
        List<String> lines = new ArrayList<>();
        for (JsonNode entry : kv) {
            if (wanted.test(entry.get(0).asText())) {
                StringBuilder line = new StringBuilder(entry.get(0).asText());
                for (int i = 1; i < entry.size(); i++) {
                    line.append(' ').append(value(entry.get(1).asText(), entry.get(i)));
                }
                lines.add(line.toString());
            }
        }
        return lines;
    }

    private static String value(String type, JsonNode value) {
        return type.equals("FLOAT32") && value.isNumber() ? Float.toString((float) value.asDouble()) : value.asText();
    }

    private static String line(GgufValue value) {
        if (value instanceof GgufValue.Text text) {
            return "STRING " + text.value();
        } else if (value instanceof GgufValue.Uint32 number) {
            return "UINT32 " + number.value();
        } else if (value instanceof GgufValue.Int32 number) {
            return "INT32 " + number.value();
        } else if (value instanceof GgufValue.Float32 number) {
            return "FLOAT32 " + number.value();
        } else if (value instanceof GgufValue.Bool flag) {
            return "BOOL " + flag.value();
        } else if (value instanceof GgufValue.Texts texts) {
            return array("STRING", texts.values().size(), bytes(texts));
        } else if (value instanceof GgufValue.Int32s numbers) {
            ByteBuffer bytes = littleEndian(4 * numbers.values().length);
            bytes.asIntBuffer().put(numbers.values());
            return array("INT32", numbers.values().length, bytes.array());
        } else if (value instanceof GgufValue.Bools flags) {
            byte[] bytes = new byte[flags.values().length];
            for (int i = 0; i < bytes.length; i++) {
                bytes[i] = (byte) (flags.values()[i] ? 1 : 0);
            }
            return array("BOOL", bytes.length, bytes);
        } else if (value instanceof GgufValue.Float32s numbers) {
            ByteBuffer bytes = littleEndian(4 * numbers.values().length);
            bytes.asFloatBuffer().put(numbers.values());
            return array("FLOAT32", numbers.values().length, bytes.array());
        }
        throw new AssertionError("no line for " + value.getClass());
    }

    private static String array(String type, int length, byte[] bytes) {
        try {
            String hash = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
            return "ARRAY[" + type + "] " + length + " sha256:" + hash;
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }

    private static byte[] bytes(GgufValue.Texts texts) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (byte[] text : texts.values()) {
            out.writeBytes(littleEndian(8).putLong(text.length).array());
            out.writeBytes(text);
        }
        return out.toByteArray();
    }

    private static ByteBuffer littleEndian(int size) {
        return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    }
}
