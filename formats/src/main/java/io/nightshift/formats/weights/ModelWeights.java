package io.nightshift.formats.weights;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.kernels.GgmlType;
import java.io.IOException;
import java.util.Optional;

/**
 * The weights of one model, wherever they are stored. Tensors have their GGUF names ({@code blk.0.attn_q.weight}), the
 * names of {@link io.nightshift.formats.architecture.LinearGroup}; their rows are in the order of the original
 * checkpoint, also where a file keeps them in another (the query and key rows of Llama's GGUF). Implementations are
 * safe for use by several threads.
 */
public interface ModelWeights {
    /**
     * A tensor's size and type.
     *
     * @param rows all dimensions but the last one of the checkpoint multiplied; 1 for a vector
     * @param columns weights a row
     * @param type of the rows that {@link #read} gives
     */
    record TensorShape(long rows, int columns, GgmlType type) {
        /** Bytes a row. */
        public int rowBytes() {
            return Math.toIntExact(type.rowBytes(columns));
        }
    }

    /** The tensor of that name, if the model has one. */
    Optional<TensorShape> find(String tensor);

    /**
     * The tensor of that name.
     *
     * @throws InvalidModelException if the model has none
     */
    default TensorShape get(String tensor) {
        return find(tensor).orElseThrow(
                () -> new InvalidModelException(location() + ": tensor " + tensor + " is missing"));
    }

    /**
     * Reads consecutive rows as blocks of the tensor's type.
     *
     * @param from first row
     * @param to row behind the last one
     * @param into receives {@code (to - from) * rowBytes()} bytes from its start
     * @throws InvalidModelException if there is no such tensor
     * @throws IllegalArgumentException if it has no such rows or they do not fit
     * @throws IOException if they cannot be read
     */
    void read(String tensor, long from, long to, byte[] into) throws IOException;

    /** Bytes read from storage so far, by all threads. */
    long bytesRead();

    /** Where the weights are, for messages. */
    String location();
}
