package io.nightshift.formats.layout;

import io.nightshift.formats.architecture.LinearLayer;
import io.nightshift.formats.architecture.SourceRows;
import io.nightshift.formats.architecture.TensorRecipe;
import io.nightshift.formats.safetensors.SafetensorsTensor;
import io.nightshift.kernels.GgmlType;
import io.nightshift.kernels.encoding.GgmlEncoding;
import io.nightshift.kernels.encoding.RowEncoding;
import java.io.Serializable;
import java.util.Arrays;
import java.util.List;

/**
 * Consecutive bytes of a file, made of one source. A file is cut into parts between items, and within those that consist of
 * several units, between any two units.
 */
public sealed interface Item extends Serializable {
    /** The tensor's name in the output; the module's where it becomes several tensors. */
    String name();

    /** How it is stored, for people: {@code Q4_K}, {@code int4 g128}, {@code BF16}. */
    String type();

    /** Its number of bytes, padding included. */
    long length();

    /** Bytes of zeros at its end. */
    default long padding() {
        return 0;
    }

    /** Its number of weights. */
    long weights();

    /** How many units it has: at least one. */
    default long units() {
        return 1;
    }

    /** Bytes of each unit; padding is behind the last one. */
    default long unitBytes() {
        return length() - padding();
    }

    /** Whether two items of several outputs are made of the same units, so that these need be read only once. */
    default boolean isMadeOfTheSameAs(Item other) {
        return this instanceof Rows rows && other instanceof Rows others && rows.tensor().equals(others.tensor())
                || this instanceof Computed made && other instanceof Computed makes && made.name().equals(makes.name())
                        && Arrays.equals(made.bytes(), makes.bytes());
    }

    /** Rows of a tensor, one behind the other, in a type of ggml's: each row is a unit, made by the task that writes it. */
    record Rows(TensorRecipe tensor, GgmlType as, long padding) implements Item {
        @Override
        public String name() {
            return tensor.name();
        }

        @Override
        public String type() {
            return as.name();
        }

        /** How its rows are encoded. */
        public GgmlEncoding encoding() {
            return new GgmlEncoding(as);
        }

        @Override
        public long length() {
            return Math.addExact(Math.multiplyExact(tensor.rows(), unitBytes()), padding);
        }

        @Override
        public long weights() {
            return tensor.weights();
        }

        @Override
        public long units() {
            return tensor.rows();
        }

        @Override
        public long unitBytes() {
            return as.rowBytes(tensor.columns());
        }
    }

    /**
     * A linear layer in a layout that no block of its rows is a range of. Blocks are made by tasks of their own, and brought
     * together in the task that writes the layer's bytes.
     *
     * @param linear what it is made of
     * @param encoding how its rows are rounded
     * @param packing how rounded rows become bytes
     * @param tensors that it is stored as, one behind the other
     */
    record Gathered(LinearLayer linear, RowEncoding encoding, RowPacking packing, List<SafetensorsTensor> tensors)
            implements Item {
        @Override
        public String name() {
            return linear.module();
        }

        @Override
        public String type() {
            return encoding.name();
        }

        @Override
        public long length() {
            return tensors.stream().mapToLong(SafetensorsTensor::length).sum();
        }

        @Override
        public long weights() {
            return linear.outputs() * linear.inputs();
        }
    }

    /**
     * A tensor that stays; or whose weights scales are folded into, or that is stored in another type of floating point, or
     * transposed.
     *
     * @param source consecutive rows, or columns, of one source tensor
     * @param tensor what is written: as many elements, or more, which are zeros then
     */
    record Copied(SourceRows source, SafetensorsTensor tensor) implements Item {
        @Override
        public String name() {
            return tensor.name();
        }

        @Override
        public String type() {
            return tensor.type().name();
        }

        @Override
        public long length() {
            return tensor.length();
        }

        @Override
        public long padding() {
            return tensor.length() - bytesOfSource();
        }

        @Override
        public long weights() {
            return tensor.elements();
        }

        /** Bytes that the source's elements take where they are written. */
        private long bytesOfSource() {
            return source.rows() * source.length() * tensor.type().bits() / 8;
        }

        /** Whether elements are converted, or moved from columns, so that whole rows are units, instead of bytes. */
        public boolean converts() {
            return source.tensor().type() != tensor.type() || source.areTransposed();
        }

        @Override
        public long units() {
            return Math.max(1, converts() ? source.rows() : bytesOfSource());
        }

        @Override
        public long unitBytes() {
            return tensor.length() == 0 ? 0 : converts() ? source.length() * tensor.type().bits() / 8 : 1;
        }

        /** Where the source's bytes begin in its file. */
        public long sourcePosition() {
            SafetensorsTensor stored = source.tensor();
            return stored.position() + source.firstRow() * stored.columns() * stored.type().bits() / 8;
        }
    }

    /** Bytes that were worked out from the configuration, such as factors of rotary embeddings. */
    record Computed(String name, String type, long weights, byte[] bytes, long padding) implements Item {
        @Override
        public long length() {
            return bytes.length + padding;
        }
    }
}
