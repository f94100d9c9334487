package io.nightshift.formats.weights;

import com.fasterxml.jackson.databind.JsonNode;
import io.nightshift.formats.safetensors.SafetensorsTensor;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

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

        /**
         * A quantized linear layer, as one tensor with the shape of its weights.
         *
         * @param module its name
         * @param bytes of the tensors that stand for it
         */
        public static Entry ofLinear(String module, String type, long outputs, long inputs, long bytes) {
            return new Entry(module + ".weight", type, List.of(outputs, inputs), bytes,
                    8.0 * bytes / ((double) outputs * inputs));
        }
    }

    /**
     * A folder of safetensors files in which several tensors stand for a linear layer.
     *
     * @param quantization what {@code config.json} says of it
     * @param linears the quantized layers
     * @param parts names of the tensors that stand for them
     * @param all tensors of the folder
     */
    public static ModelListing ofFolder(
            JsonNode quantization, List<Entry> linears, Set<String> parts, Collection<SafetensorsTensor> all) {
        Map<String, Object> metadata = new LinkedHashMap<>();
        quantization.properties().forEach(entry -> metadata.put("quantization_config." + entry.getKey(),
                entry.getValue().isTextual() ? entry.getValue().asText() : entry.getValue().toString()));
        Stream<Entry> others = all.stream().filter(tensor -> !parts.contains(tensor.name())).map(Entry::of);
        return new ModelListing(metadata, Stream.concat(linears.stream(), others).toList());
    }

    /** Tensors that are not quantized. */
    public static ModelListing of(List<SafetensorsTensor> source) {
        return new ModelListing(Map.of(), source.stream().map(Entry::of).toList());
    }
}
