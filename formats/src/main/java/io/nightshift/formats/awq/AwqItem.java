package io.nightshift.formats.awq;

import io.nightshift.formats.architecture.LinearLayer;
import io.nightshift.formats.architecture.SourceRows;
import io.nightshift.formats.safetensors.SafetensorsTensor;
import io.nightshift.formats.safetensors.SafetensorsType;
import java.io.Serializable;
import java.util.List;

/** Consecutive bytes of a shard that are made of one source. */
public sealed interface AwqItem extends Serializable {
    /** The tensors that it writes, in the order of their bytes. */
    List<SafetensorsTensor> tensors();

    /** The shard. */
    default String file() {
        return tensors().get(0).file();
    }

    /** Where its first byte goes in the shard. */
    default long position() {
        return tensors().get(0).position();
    }

    /** Its number of bytes. */
    default long length() {
        return tensors().stream().mapToLong(SafetensorsTensor::length).sum();
    }

    /**
     * A linear layer that becomes integers: a unit of work.
     *
     * @param linear what it is made of
     * @param format layout of its tensors
     * @param groupSize inputs a group, a divisor of the inputs
     * @param symmetric whether all zero points are 8
     * @param scaleType F16, BF16 or F32
     */
    record Packed(LinearLayer linear, AwqFormat format, int groupSize, boolean symmetric, SafetensorsType scaleType,
            List<SafetensorsTensor> tensors) implements AwqItem {
        /** Output features, a multiple of 8. */
        public int outputs() {
            return Math.toIntExact(linear.outputs());
        }

        /** Input features. */
        public int inputs() {
            return Math.toIntExact(linear.inputs());
        }

        /** Groups a row. */
        public int groups() {
            return inputs() / groupSize;
        }
    }

    /**
     * A tensor that stays, or that is replaced by values of the same type: a norm or a bias that scales are folded
     * into.
     *
     * @param source its bytes, consecutive ones of one source tensor
     * @param tensor what is written, of the same type and as many bytes
     */
    record Copied(SourceRows source, SafetensorsTensor tensor) implements AwqItem {
        @Override
        public List<SafetensorsTensor> tensors() {
            return List.of(tensor);
        }

        /** Where the source's bytes begin in its file. */
        public long sourcePosition() {
            SafetensorsTensor stored = source.tensor();
            return stored.position() + source.firstRow() * stored.columns() * stored.type().bits() / 8;
        }
    }
}
