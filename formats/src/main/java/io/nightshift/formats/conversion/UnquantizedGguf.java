package io.nightshift.formats.conversion;

import io.nightshift.formats.architecture.TensorRecipe;
import io.nightshift.formats.gguf.GgufMetadata;
import io.nightshift.formats.gguf.GgufValue;
import io.nightshift.formats.types.FileType;
import io.nightshift.formats.types.ModelFacts;
import java.util.List;

/**
 * What the converter would have written. Every target is made from it.
 *
 * @param metadata its key-value pairs
 * @param tensors its tensors, in llama-quantize's order
 */
public record UnquantizedGguf(GgufMetadata metadata, List<TensorRecipe> tensors) {
    /** What the choice of types needs to know, as llama-quantize reads it from the metadata. */
    public ModelFacts facts() {
        String architecture = ((GgufValue.Text) metadata.get("general.architecture").orElseThrow()).value();
        int heads = number(architecture + ".attention.head_count", 0);
        return new ModelFacts(
                architecture,
                number(architecture + ".block_count", 0),
                heads,
                number(architecture + ".attention.head_count_kv", heads),
                number(architecture + ".expert_count", 0));
    }

    private int number(String key, int otherwise) {
        return metadata.get(key).map(UnquantizedGguf::ofFirstLayer).orElse(otherwise);
    }

    /** A number, or the first of one a layer. */
    private static int ofFirstLayer(GgufValue value) {
        return value instanceof GgufValue.Int32s each
                ? each.values()[0]
                : Math.toIntExact(((GgufValue.Uint32) value).value());
    }

    /** The metadata of a file of some type, as llama-quantize leaves it. */
    public GgufMetadata metadata(FileType type) {
        return metadata.copy()
                .uint32("general.quantization_version", 2)
                .uint32("general.file_type", type.id());
    }
}
