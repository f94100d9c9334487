package io.nightshift.formats.imatrix;

import io.nightshift.formats.gguf.GgufHeader;
import io.nightshift.formats.gguf.GgufLayout;
import io.nightshift.formats.gguf.GgufMetadata;
import io.nightshift.formats.gguf.GgufTensor;
import io.nightshift.formats.gguf.GgufValue;
import io.nightshift.kernels.GgmlType;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Writes importance matrices as llama-imatrix does, byte for byte (tools/imatrix/imatrix.cpp, save_imatrix). */
public final class ImatrixWriter {
    /** Values that are turned into bytes at once. */
    private static final int VALUES_AT_ONCE = 1 << 16;

    private ImatrixWriter() {}

    /**
     * Writes a GGUF file, to be read by llama-quantize, llama-imatrix and {@link ImatrixReader}.
     *
     * @param out is left open
     * @throws IOException if it cannot be written
     */
    public static void write(Imatrix matrix, OutputStream out) throws IOException {
        List<GgufTensor> tensors = new ArrayList<>();
        List<float[]> values = new ArrayList<>();
        matrix.entries().forEach((name, entry) -> {
            long matrices = entry.counts().length;
            float[] counts = new float[entry.counts().length];
            for (int i = 0; i < counts.length; i++) {
                counts[i] = entry.counts()[i];
            }
            add(name + ImatrixKeys.SUMS, entry.sums().length / matrices, matrices, tensors);
            values.add(entry.sums());
            add(name + ImatrixKeys.COUNTS, 1, matrices, tensors);
            values.add(counts);
        });
        out.write(new GgufHeader(metadata(matrix), tensors).toBytes());
        for (int i = 0; i < values.size(); i++) {
            write(values.get(i), out);
            out.write(new byte[(int) (GgufLayout.padded(tensors.get(i).bytes()) - tensors.get(i).bytes())]);
        }
    }

    private static GgufMetadata metadata(Imatrix matrix) {
        List<byte[]> datasets = matrix.datasets().stream()
                .map(dataset -> dataset.getBytes(StandardCharsets.UTF_8))
                .toList();
        return new GgufMetadata()
                .text("general.type", "imatrix")
                .set(ImatrixKeys.DATASETS, new GgufValue.Texts(datasets))
                .uint32(ImatrixKeys.CHUNK_COUNT, matrix.chunkCount())
                .uint32(ImatrixKeys.CHUNK_SIZE, matrix.chunkSize());
    }

    private static void add(String name, long columns, long matrices, List<GgufTensor> tensors) {
        long offset = 0;
        if (!tensors.isEmpty()) {
            GgufTensor last = tensors.get(tensors.size() - 1);
            offset = GgufLayout.padded(last.offset() + last.bytes());
        }
        List<Long> shape = matrices == 1 ? List.of(columns) : List.of(columns, matrices);
        tensors.add(new GgufTensor(name, shape, GgmlType.F32, offset));
    }

    private static void write(float[] values, OutputStream out) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(Math.min(values.length, VALUES_AT_ONCE) * Float.BYTES)
                .order(ByteOrder.LITTLE_ENDIAN);
        for (int from = 0; from < values.length; from += VALUES_AT_ONCE) {
            int count = Math.min(VALUES_AT_ONCE, values.length - from);
            bytes.clear().asFloatBuffer().put(values, from, count);
            out.write(bytes.array(), 0, count * Float.BYTES);
        }
    }
}
