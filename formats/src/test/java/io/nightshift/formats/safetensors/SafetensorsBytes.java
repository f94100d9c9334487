package io.nightshift.formats.safetensors;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Random;

/** Writes safetensors files, sound ones and others. */
public final class SafetensorsBytes {
    private final StringBuilder header = new StringBuilder("{\"__metadata__\":{\"format\":\"pt\"}");
    private final ByteArrayOutputStream data = new ByteArrayOutputStream();
    private final Random random = new Random(42);

    /** Adds a tensor of random bytes, behind those before it. */
    public SafetensorsBytes add(String name, SafetensorsType type, long... shape) {
        long bits = type.bits();
        StringBuilder dimensions = new StringBuilder();
        for (long dimension : shape) {
            bits *= dimension;
            dimensions.append(dimensions.length() == 0 ? "" : ",").append(dimension);
        }
        byte[] bytes = new byte[(int) (bits / 8)];
        random.nextBytes(bytes);
        header.append(",\"%s\":{\"dtype\":\"%s\",\"shape\":[%s],\"data_offsets\":[%d,%d]}".formatted(
                name, type, dimensions, data.size(), data.size() + bytes.length));
        data.writeBytes(bytes);
        return this;
    }

    /** The file. */
    public byte[] bytes() {
        return file(header + "}", data.toByteArray());
    }

    /** A file of any header and data. */
    public static byte[] file(String header, byte[] data) {
        byte[] json = header.getBytes(StandardCharsets.UTF_8);
        return ByteBuffer.allocate(8 + json.length + data.length)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(json.length)
                .put(json)
                .put(data)
                .array();
    }
}
