package io.nightshift.jobs.testing;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;

/** A safetensors file changed in place: names, and the types of some tensors. Small files alone. */
public final class SafetensorsCopy {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Path file;
    private final ObjectNode header;
    private final byte[] data;

    /** Reads a file. */
    public SafetensorsCopy(Path file) throws IOException {
        this.file = file;
        byte[] bytes = Files.readAllBytes(file);
        int length = (int) ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong();
        header = (ObjectNode) JSON.readTree(bytes, Long.BYTES, length);
        data = Arrays.copyOfRange(bytes, Long.BYTES + length, bytes.length);
    }

    /** Writes all tensors under other names. */
    public void rename(UnaryOperator<String> rename) throws IOException {
        ObjectNode renamed = JSON.createObjectNode();
        header.fields().forEachRemaining(entry -> renamed.set(
                entry.getKey().equals("__metadata__") ? entry.getKey() : rename.apply(entry.getKey()),
                entry.getValue()));
        write(renamed, data);
    }

    /** Writes BF16 tensors as F32 or F64; returns how many. */
    public int widen(Predicate<String> wanted, String type) throws IOException {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        int[] widened = {0};
        header.fields().forEachRemaining(entry -> {
            if (entry.getKey().equals("__metadata__")) {
                return;
            }
            ObjectNode tensor = (ObjectNode) entry.getValue();
            int from = tensor.at("/data_offsets/0").intValue();
            int to = tensor.at("/data_offsets/1").intValue();
            byte[] content = Arrays.copyOfRange(data, from, to);
            if (wanted.test(entry.getKey()) && tensor.get("dtype").asText().equals("BF16")) {
                content = widened(content, type);
                tensor.put("dtype", type);
                widened[0]++;
            }
            tensor.putArray("data_offsets").add(all.size()).add(all.size() + content.length);
            all.writeBytes(content);
        });
        write(header, all.toByteArray());
        return widened[0];
    }

    private static byte[] widened(byte[] content, String type) {
        ByteBuffer in = ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN);
        ByteBuffer out = ByteBuffer.allocate(content.length * 4).order(ByteOrder.LITTLE_ENDIAN);
        while (in.hasRemaining()) {
            float weight = Float.intBitsToFloat(in.getShort() << 16);
            if (type.equals("F32")) {
                out.putFloat(weight);
            } else {
                out.putDouble(weight);
            }
        }
        return Arrays.copyOf(out.array(), out.position());
    }

    private void write(ObjectNode newHeader, byte[] newData) throws IOException {
        byte[] json = JSON.writeValueAsBytes(newHeader);
        Files.write(file, ByteBuffer.allocate(Long.BYTES + json.length + newData.length).order(ByteOrder.LITTLE_ENDIAN)
                .putLong(json.length).put(json).put(newData).array());
    }
}
