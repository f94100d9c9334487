package io.nightshift.formats.safetensors;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * A safetensors file that is to be written: all that precedes the tensors, and where each of them goes.
 *
 * @param file its name within the folder
 * @param header length and JSON, padded so that the tensors begin at a multiple of 8
 * @param tensors in the order of their bytes, which follow one another without gaps
 */
public record SafetensorsLayout(String file, byte[] header, List<SafetensorsTensor> tensors) implements Serializable {
    private static final JsonFactory JSON = new JsonFactory();
    private static final int PREFIX = 8;
    private static final int ALIGNMENT = 8;

    /**
     * Lays a file out.
     *
     * @param metadata free text beside the tensors; the loaders of transformers want {@code format=pt} in it
     * @param specs in the order in which their bytes are to lie
     */
    public static SafetensorsLayout of(String file, Map<String, String> metadata, List<TensorSpec> specs) {
        byte[] header = header(metadata, specs);
        long[] position = {header.length};
        List<SafetensorsTensor> tensors = specs.stream().map(spec -> {
            long at = position[0];
            position[0] += spec.bytes();
            return new SafetensorsTensor(spec.name(), spec.type(), spec.shape(), file, at, spec.bytes());
        }).toList();
        return new SafetensorsLayout(file, header, tensors);
    }

    /** Length of the file in bytes. */
    public long length() {
        return header.length + tensors.stream().mapToLong(SafetensorsTensor::length).sum();
    }

    private static byte[] header(Map<String, String> metadata, List<TensorSpec> specs) {
        byte[] json = json(metadata, specs);
        int length = (json.length + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
        if (length > SafetensorsHeader.MAX_LENGTH) {
            throw new IllegalArgumentException("a header of " + length + " bytes for " + specs.size()
                    + " tensors is more than safetensors allows: make shards smaller");
        }
        byte[] header = new byte[PREFIX + length];
        Arrays.fill(header, (byte) ' ');
        ByteBuffer.wrap(header).order(ByteOrder.LITTLE_ENDIAN).putLong(length).put(json);
        return header;
    }

    private static byte[] json(Map<String, String> metadata, List<TensorSpec> specs) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (JsonGenerator json = JSON.createGenerator(bytes)) {
            json.writeStartObject();
            if (!metadata.isEmpty()) {
                json.writeObjectFieldStart("__metadata__");
                for (Map.Entry<String, String> entry : metadata.entrySet()) {
                    json.writeStringField(entry.getKey(), entry.getValue());
                }
                json.writeEndObject();
            }
            long offset = 0;
            for (TensorSpec spec : specs) {
                json.writeObjectFieldStart(spec.name());
                json.writeStringField("dtype", spec.type().name());
                json.writeArrayFieldStart("shape");
                for (long dimension : spec.shape()) {
                    json.writeNumber(dimension);
                }
                json.writeEndArray();
                json.writeArrayFieldStart("data_offsets");
                json.writeNumber(offset);
                offset += spec.bytes();
                json.writeNumber(offset);
                json.writeEndArray();
                json.writeEndObject();
            }
            json.writeEndObject();
        } catch (IOException e) {
            throw new UncheckedIOException("a header in memory cannot be written", e);
        }
        return bytes.toByteArray();
    }
}
