package io.nightshift.formats.weights;

import io.nightshift.formats.safetensors.SafetensorsTensor;
import java.util.List;
import java.util.Map;

/**
 * What a model holds, for people and as JSON.
 *
 * @param metadata values as JSON knows them; arrays whole
 * @param tensors in file order; tensors that together stand for one matrix are one entry
 */
public record ModelListing(Map<String, Object> metadata, List<Entry> tensors) {
    /**
     * A tensor.
     *
     * @param shape as its format writes it; that of the weights where several tensors stand for them
     * @param bytes without padding
     */
    public record Entry(String name, String type, List<Long> shape, long bytes, double bitsPerWeight) {
        /** A tensor of a safetensors file. */
        public static Entry of(SafetensorsTensor tensor) {
            return new Entry(
                    tensor.name(), tensor.type().name(), tensor.shape(), tensor.length(), tensor.type().bits());
        }
    }

    /** Tensors that are not quantized. */
    public static ModelListing of(List<SafetensorsTensor> source) {
        return new ModelListing(Map.of(), source.stream().map(Entry::of).toList());
    }
}
