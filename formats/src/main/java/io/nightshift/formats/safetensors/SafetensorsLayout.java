package io.nightshift.formats.safetensors;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * A safetensors file before it is written: its header and where each tensor stands. Tensors come in the order given,
 * without gaps; give those with larger elements first, so that all are aligned.
 */
public final class SafetensorsLayout {
    private static final int ALIGNMENT = 8;

    private final byte[] header;
    private final List<SafetensorsTensor> tensors;

    private SafetensorsLayout(byte[] header, List<SafetensorsTensor> tensors) {
        this.header = header;
        this.tensors = tensors;
    }

    /**
     * A tensor to be written.
     *
     * @param name unlike the others
     * @param type element type
     * @param shape row-major, the row length last
     */
    public record Entry(String name, SafetensorsType type, List<Long> shape) {
        long bytes() {
            return shape.stream().reduce((long) type.bits() / Byte.SIZE, Math::multiplyExact);
        }
    }

    /**
     * Lays out a file.
     *
     * @param file its name, which the tensors are given
     * @param metadata texts for {@code __metadata__}, in their order
     */
    public static SafetensorsLayout of(String file, Map<String, String> metadata, List<Entry> entries) {
        ObjectMapper json = new ObjectMapper();
        ObjectNode root = json.createObjectNode();
        ObjectNode texts = root.putObject("__metadata__");
        metadata.forEach(texts::put);
        long offset = 0;
        for (Entry entry : entries) {
            ObjectNode node = root.putObject(entry.name());
            node.put("dtype", entry.type().name());
            node.putPOJO("shape", entry.shape());
            node.putPOJO("data_offsets", List.of(offset, offset + entry.bytes()));
            offset += entry.bytes();
        }
        byte[] header = withLength(json, root);
        List<SafetensorsTensor> tensors = new ArrayList<>();
        long position = header.length;
        for (Entry entry : entries) {
            tensors.add(new SafetensorsTensor(
                    entry.name(), entry.type(), entry.shape(), file, position, entry.bytes()));
            position += entry.bytes();
        }
        return new SafetensorsLayout(header, List.copyOf(tensors));
    }

    private static byte[] withLength(ObjectMapper json, ObjectNode root) {
        byte[] text;
        try {
            text = json.writeValueAsBytes(root);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        int padded = (text.length + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
        byte[] header = new byte[Long.BYTES + padded];
        Arrays.fill(header, (byte) ' ');
        ByteBuffer.wrap(header).order(ByteOrder.LITTLE_ENDIAN).putLong(padded).put(text);
        return header;
    }

    /** The bytes before the first tensor. */
    public byte[] header() {
        return header;
    }

    /** The tensors, with their positions in the file. */
    public List<SafetensorsTensor> tensors() {
        return tensors;
    }

    /** Length of the file. */
    public long length() {
        return tensors.isEmpty()
                ? header.length
                : tensors.get(tensors.size() - 1).position() + tensors.get(tensors.size() - 1).length();
    }
}
