package io.nightshift.formats.gguf;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.Printable;
import io.nightshift.formats.storage.FileSignature;
import io.nightshift.formats.storage.FolderInputStream;
import io.nightshift.formats.storage.ModelFolder;
import io.nightshift.formats.storage.StoredFile;
import io.nightshift.kernels.GgmlType;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.BiConsumer;

/**
 * A GGUF file that exists: its header, read and validated, and where its data starts.
 *
 * @param file the file
 * @param header metadata and tensor table
 * @param dataOffset where the data section starts
 */
public record GgufFile(StoredFile file, GgufHeader header, long dataOffset) {
    private static final int MAX_DIMENSIONS = 4;

    /** Bytes of a key, by the format (ggml/docs/gguf.md). */
    private static final int LONGEST_KEY = 65535;

    /** Bytes of a tensor's name, with room for longer ones than ggml's 63. */
    private static final int LONGEST_NAME = 1024;

    private static final int BUFFER = 1 << 20;
    private static final int DATA_BUFFER = 4 << 20;
    private static final int VALUES_AT_ONCE = 1 << 16;
    private static final int MAX_ARRAY = Integer.MAX_VALUE - 8;

    /**
     * Reads the header of a file by ranged reads.
     *
     * @throws InvalidModelException if it is not a sound GGUF file; the message names it
     * @throws IOException if it cannot be read
     */
    public static GgufFile read(ModelFolder folder, StoredFile file) throws IOException {
        String where = folder.location() + "/" + file.name();
        try (FolderInputStream stream = new FolderInputStream(folder, file, BUFFER)) {
            GgufInput in = new GgufInput(stream, file.length());
            if (in.int32() != GgufHeader.MAGIC) {
                byte[] start = new byte[(int) Math.min(FileSignature.LENGTH, file.length())];
                folder.readFully(file.name(), 0, start, 0, start.length);
                throw new InvalidModelException("not a GGUF file" + FileSignature.behind(start));
            }
            int version = in.int32();
            if (version != 2 && version != GgufHeader.VERSION) {
                throw new InvalidModelException("GGUF version " + Integer.toUnsignedString(version)
                        + " is not supported; 2 and 3 are");
            }
            long tensorCount = in.count(24, "tensors");
            long valueCount = in.count(13, "metadata values");
            GgufMetadata metadata = new GgufMetadata();
            for (long i = 0; i < valueCount; i++) {
                String key = in.string(LONGEST_KEY, "a metadata key");
                if (metadata.get(key).isPresent()) {
                    throw new InvalidModelException("metadata key " + Printable.name(key) + " stands there twice");
                }
                metadata.set(key, in.typedValue(key));
            }
            List<GgufTensor> tensors = new ArrayList<>();
            for (long i = 0; i < tensorCount; i++) {
                tensors.add(tensor(in));
            }
            long alignment = alignment(metadata);
            long dataOffset = (stream.position() + alignment - 1) / alignment * alignment;
            validate(tensors, alignment, dataOffset, file.length());
            return new GgufFile(file, new GgufHeader(metadata, List.copyOf(tensors)), dataOffset);
        } catch (EOFException e) {
            throw new InvalidModelException(where + ": truncated: the header does not end within the file", e);
        } catch (InvalidModelException e) {
            throw new InvalidModelException(where + ": " + e.getMessage(), e);
        }
    }

    /**
     * Makes sure that nothing is missing behind the last tensor either: where ggml loads a file whole, it reads that tensor's
     * padding too (gguf.cpp, gguf_init_from_reader).
     *
     * @throws InvalidModelException if the file ends before
     */
    public void requirePadding() {
        long alignment = alignment(header.metadata());
        long end = header.tensors().stream().mapToLong(tensor -> tensor.offset() + tensor.bytes()).max().orElse(0);
        long padded = dataOffset + (end + alignment - 1) / alignment * alignment;
        if (file.length() < padded) {
            throw new InvalidModelException("truncated: it should have " + padded + " bytes and has " + file.length());
        }
    }

    /**
     * Reads F32 tensors, in the order of the file whatever their order here, by ranged reads that go forward.
     *
     * @param folder the file's
     * @param tensors of this file's table
     * @param receiver is given each tensor and its values
     * @throws InvalidModelException if a tensor is not F32, or has more values than an array can hold
     * @throws IOException if the file cannot be read
     */
    public void readF32(ModelFolder folder, List<GgufTensor> tensors, BiConsumer<GgufTensor, float[]> receiver)
            throws IOException {
        List<GgufTensor> inOrder = new ArrayList<>(tensors);
        inOrder.sort(Comparator.comparingLong(GgufTensor::offset));
        try (FolderInputStream in = new FolderInputStream(folder, file, DATA_BUFFER)) {
            for (GgufTensor tensor : inOrder) {
                if (tensor.type() != GgmlType.F32 || tensor.weights() > MAX_ARRAY) {
                    throw new InvalidModelException(tensor.name() + ": " + tensor.weights() + " values of type "
                            + tensor.type() + " cannot be read; F32 can, up to " + MAX_ARRAY);
                }
                in.skipNBytes(dataOffset + tensor.offset() - in.position());
                float[] values = new float[(int) tensor.weights()];
                byte[] bytes = new byte[Math.min(values.length, VALUES_AT_ONCE) * Float.BYTES];
                for (int from = 0; from < values.length; from += VALUES_AT_ONCE) {
                    int count = Math.min(VALUES_AT_ONCE, values.length - from);
                    if (in.readNBytes(bytes, 0, count * Float.BYTES) < count * Float.BYTES) {
                        throw new EOFException(
                                folder.location() + "/" + file.name() + ": ends within " + tensor.name());
                    }
                    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(values, from, count);
                }
                receiver.accept(tensor, values);
            }
        }
    }

    private static GgufTensor tensor(GgufInput in) throws IOException {
        String name = in.string(LONGEST_NAME, "a tensor's name");
        String shown = Printable.name(name);
        int dimensions = in.int32();
        if (dimensions < 1 || dimensions > MAX_DIMENSIONS) {
            throw new InvalidModelException("tensor " + shown + " has " + Integer.toUnsignedString(dimensions)
                    + " dimensions; possible are 1 to " + MAX_DIMENSIONS);
        }
        List<Long> shape = new ArrayList<>(dimensions);
        for (int i = 0; i < dimensions; i++) {
            long size = in.int64();
            if (size < 1) {
                throw new InvalidModelException(
                        "tensor " + shown + ": dimension " + i + " is " + Long.toUnsignedString(size));
            }
            shape.add(size);
        }
        try {
            GgufTensor tensor = new GgufTensor(name, List.copyOf(shape), GgmlType.fromId(in.int32()), in.int64());
            tensor.bytes();
            return tensor;
        } catch (IllegalArgumentException e) {
            throw new InvalidModelException("tensor " + shown + ": " + e.getMessage(), e);
        } catch (ArithmeticException e) {
            throw new InvalidModelException(
                    "tensor " + shown + " of shape " + shape + " makes 2^63 bytes or more, which no file has", e);
        }
    }

    private static long alignment(GgufMetadata metadata) {
        GgufValue value = metadata.get("general.alignment").orElse(new GgufValue.Uint32(GgufLayout.ALIGNMENT));
        if (value instanceof GgufValue.Uint32 number && Long.bitCount(number.value()) == 1) {
            return number.value();
        }
        throw new InvalidModelException("general.alignment is not a power of two");
    }

    private static void validate(List<GgufTensor> tensors, long alignment, long dataOffset, long length) {
        Set<String> names = new HashSet<>();
        long end = 0;
        List<GgufTensor> inOrder = new ArrayList<>(tensors);
        inOrder.sort(Comparator.comparingLong(GgufTensor::offset));
        for (GgufTensor tensor : inOrder) {
            if (!names.add(tensor.name())) {
                throw new InvalidModelException("tensor " + Printable.name(tensor.name()) + " stands there twice");
            }
            if (tensor.offset() < end || tensor.offset() % alignment != 0) {
                throw new InvalidModelException("tensor " + Printable.name(tensor.name()) + " stands at offset "
                        + Long.toUnsignedString(tensor.offset())
                        + ", which overlaps another or is not aligned");
            }
            end = tensor.offset() + tensor.bytes();
            if (end < 0 || end > length - dataOffset) {
                throw new InvalidModelException("truncated: tensor " + Printable.name(tensor.name())
                        + " should end at byte " + Long.toUnsignedString(dataOffset + end) + " and the file has "
                        + length);
            }
        }
    }
}
