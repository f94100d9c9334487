package io.nightshift.formats.safetensors;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.Printable;
import io.nightshift.formats.storage.FileSignature;
import io.nightshift.formats.storage.ModelFolder;
import io.nightshift.formats.storage.StoredFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * Reads the header of a safetensors file: eight bytes of length, JSON, then the tensors' bytes without gaps. Nothing in
 * it is believed before it is checked, and nothing is allocated on the word of a file that is too short for it.
 */
public final class SafetensorsHeader {
    /** The limit of the safetensors library itself. */
    static final long MAX_LENGTH = 100_000_000;

    private static final int PREFIX = 8;
    private static final JsonFactory JSON =
            JsonFactory.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();

    private final String location;
    private final StoredFile file;
    private final long dataStart;

    private SafetensorsHeader(String location, StoredFile file, long dataStart) {
        this.location = location;
        this.file = file;
        this.dataStart = dataStart;
    }

    /**
     * The tensors of a file, sorted by name.
     *
     * @throws InvalidModelException if the header is malformed, or disagrees with itself or with the file's length; the
     *     message names the file and the tensor
     * @throws IOException if the file cannot be read
     */
    public static List<SafetensorsTensor> read(ModelFolder folder, StoredFile file) throws IOException {
        String location = folder.location() + "/" + file.name();
        if (file.length() < PREFIX) {
            throw new InvalidModelException(location + ": is no safetensors file: it has only " + file.length()
                    + " bytes. Fetch it again");
        }
        byte[] prefix = new byte[PREFIX];
        folder.readFully(file.name(), 0, prefix, 0, PREFIX);
        long length = ByteBuffer.wrap(prefix).order(ByteOrder.LITTLE_ENDIAN).getLong();
        if (length < 2 || length > MAX_LENGTH) {
            byte[] start = new byte[(int) Math.min(FileSignature.LENGTH, file.length())];
            folder.readFully(file.name(), 0, start, 0, start.length);
            Optional<String> other = FileSignature.of(start);
            if (other.isPresent()) {
                throw new InvalidModelException(location + ": is no safetensors file, but " + other.get());
            }
            throw new InvalidModelException(location + ": is no safetensors file: its header claims "
                    + Long.toUnsignedString(length) + " bytes, possible are 2 to " + MAX_LENGTH);
        }
        if (length > file.length() - PREFIX) {
            throw new InvalidModelException(location + ": is truncated: its header alone needs "
                    + (PREFIX + length - file.length()) + " bytes more than the file's " + file.length()
                    + ". Fetch it again");
        }
        byte[] header = new byte[(int) length];
        folder.readFully(file.name(), PREFIX, header, 0, header.length);
        return new SafetensorsHeader(location, file, PREFIX + length).parse(header);
    }

    private List<SafetensorsTensor> parse(byte[] header) throws IOException {
        if (header[0] != '{') {
            throw new InvalidModelException(location + ": is no safetensors file: its header does not start with '{'");
        }
        List<SafetensorsTensor> tensors = new ArrayList<>();
        try (JsonParser json = JSON.createParser(header)) {
            json.nextToken();
            while (json.nextToken() == JsonToken.FIELD_NAME) {
                String name = json.currentName();
                json.nextToken();
                if (name.equals("__metadata__")) {
                    json.skipChildren();
                } else {
                    tensors.add(tensor(name, json));
                }
            }
            if (json.nextToken() != null) {
                throw new InvalidModelException(location + ": there is something behind the header's closing brace");
            }
        } catch (JsonProcessingException e) {
            throw new InvalidModelException(
                    location + ": its header is no valid JSON: " + e.getOriginalMessage(), e);
        }
        checkLayout(tensors);
        tensors.replaceAll(this::positioned);
        tensors.sort(Comparator.comparing(SafetensorsTensor::name));
        return tensors;
    }

    private SafetensorsTensor tensor(String name, JsonParser json) throws IOException {
        require(name, json.currentToken() == JsonToken.START_OBJECT, "is not described by an object");
        SafetensorsType type = null;
        List<Long> shape = null;
        List<Long> offsets = null;
        while (json.nextToken() == JsonToken.FIELD_NAME) {
            String key = json.currentName();
            json.nextToken();
            switch (key) {
                case "dtype" -> type = type(name, json.getText());
                case "shape" -> shape = integers(name, key, json);
                case "data_offsets" -> offsets = integers(name, key, json);
                default -> require(name, false, "has an unknown field '" + Printable.name(key) + "'");
            }
        }
        require(name, type != null, "has no dtype");
        require(name, shape != null, "has no shape");
        require(name, offsets != null && offsets.size() == 2, "has no data_offsets of two numbers");
        long begin = offsets.get(0);
        long end = offsets.get(1);
        require(name, begin <= end, "ends at " + end + ", before it begins at " + begin);
        require(name, end - begin == bytes(name, type, shape), "of type " + type + " and shape " + shape
                + " cannot take the " + (end - begin) + " bytes that its data_offsets span");
        // The position is relative to the data until the layout is known to be sound.
        return new SafetensorsTensor(name, type, List.copyOf(shape), file.name(), begin, end - begin);
    }

    private SafetensorsType type(String name, String text) {
        for (SafetensorsType type : SafetensorsType.values()) {
            if (type.name().equals(text)) {
                return type;
            }
        }
        throw new InvalidModelException(location + ": tensor " + Printable.name(name) + " has the unknown type '"
                + Printable.name(text) + "'");
    }

    private List<Long> integers(String name, String key, JsonParser json) throws IOException {
        require(name, json.currentToken() == JsonToken.START_ARRAY, "has a " + key + " that is not a list");
        List<Long> values = new ArrayList<>();
        while (json.nextToken() != JsonToken.END_ARRAY) {
            boolean integer = json.currentToken() == JsonToken.VALUE_NUMBER_INT
                    && json.getNumberType() != JsonParser.NumberType.BIG_INTEGER;
            require(name, integer && json.getLongValue() >= 0,
                    "has " + Printable.name(json.getText()) + " in its " + key
                            + ": only whole numbers from 0 to 2^63 - 1 make sense");
            values.add(json.getLongValue());
        }
        return values;
    }

    private long bytes(String name, SafetensorsType type, List<Long> shape) {
        try {
            long bits = type.bits();
            for (long dimension : shape) {
                bits = Math.multiplyExact(bits, dimension);
            }
            require(name, bits % 8 == 0, "of type " + type + " and shape " + shape + " is no whole number of bytes");
            return bits / 8;
        } catch (ArithmeticException e) {
            throw new InvalidModelException(location + ": tensor " + Printable.name(name)
                    + " has the impossible shape " + shape, e);
        }
    }

    /** Checks that the tensors fill the file exactly, one behind the other. */
    private void checkLayout(List<SafetensorsTensor> tensors) {
        tensors.sort(Comparator.comparingLong(SafetensorsTensor::position)
                .thenComparingLong(SafetensorsTensor::length));
        long end = 0;
        for (SafetensorsTensor tensor : tensors) {
            require(tensor.name(), tensor.position() >= end,
                    "begins at " + tensor.position() + ", within the tensor that ends at " + end);
            require(tensor.name(), tensor.position() <= end,
                    "begins at " + tensor.position() + ", leaving a hole behind the tensor that ends at " + end);
            end += tensor.length();
        }
        long available = file.length() - dataStart;
        if (end > available) {
            throw new InvalidModelException(location + ": is truncated: " + (end - available) + " of " + end
                    + " bytes of tensors are missing. Fetch it again");
        }
        if (end < available) {
            throw new InvalidModelException(location + ": has " + (available - end)
                    + " bytes behind its last tensor that its header does not describe. Fetch it again");
        }
    }

    private SafetensorsTensor positioned(SafetensorsTensor tensor) {
        return new SafetensorsTensor(tensor.name(), tensor.type(), tensor.shape(), tensor.file(),
                dataStart + tensor.position(), tensor.length());
    }

    private void require(String tensor, boolean condition, String otherwise) {
        if (!condition) {
            throw new InvalidModelException(location + ": tensor " + Printable.name(tensor) + " " + otherwise);
        }
    }
}
