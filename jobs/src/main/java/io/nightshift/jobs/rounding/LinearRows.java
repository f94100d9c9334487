package io.nightshift.jobs.rounding;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.architecture.RowReader;
import io.nightshift.formats.architecture.SourceFloats;
import io.nightshift.formats.architecture.SourceRows;
import io.nightshift.formats.architecture.TensorRecipe;
import io.nightshift.formats.safetensors.SafetensorsTensor;
import io.nightshift.formats.storage.ModelFolder;
import io.nightshift.kernels.GgmlType;
import java.io.IOException;
import java.util.List;

/** Reads weights of source tensors as floats, by ranges. For one thread. */
public final class LinearRows {
    private final RowReader reader;
    private byte[] bytes = {};

    /** Reads from a checkpoint. */
    public LinearRows(ModelFolder folder) {
        this.reader = new RowReader(folder);
    }

    /** Bytes read so far. */
    public long bytesRead() {
        return reader.bytesRead();
    }

    /**
     * Rows [from, to) in the order of {@code source}, its shift added.
     *
     * @throws InvalidModelException if a weight is not finite; the message names tensor, row and column
     * @throws IOException if they cannot be read
     */
    public float[] read(SourceRows source, long from, long to) throws IOException {
        SafetensorsTensor tensor = source.tensor();
        TensorRecipe.Stored content = new TensorRecipe.Stored(List.of(source));
        TensorRecipe recipe =
                new TensorRecipe(tensor.name(), List.of(source.length(), source.rows()), GgmlType.F32, content);
        int length = Math.toIntExact(RowReader.bytes(recipe, content, to - from));
        if (bytes.length < length) {
            bytes = new byte[length];
        }
        reader.read(recipe, content, from, to, bytes);
        float[] weights = new float[Math.toIntExact((to - from) * source.length())];
        int damaged = SourceFloats.read(content.type(), bytes, 0, weights, 0, weights.length);
        if (damaged >= 0) {
            long row = source.order().sourceRow(from + damaged / source.length());
            long column = damaged % source.length();
            throw new InvalidModelException(tensor.file() + ": tensor " + tensor.name() + ", row "
                    + (source.firstRow() + (source.areTransposed() ? column : row)) + ", column "
                    + (source.areTransposed() ? row : column)
                    + ": the weight is infinite or not a number; the checkpoint is damaged");
        }
        if (source.shift() != 0) {
            for (int i = 0; i < weights.length; i++) {
                weights[i] += source.shift();
            }
        }
        return weights;
    }
}
