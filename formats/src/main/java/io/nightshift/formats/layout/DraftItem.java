package io.nightshift.formats.layout;

import io.nightshift.formats.architecture.FloatTensors;
import io.nightshift.formats.architecture.SourceRows;
import io.nightshift.formats.safetensors.SafetensorsTensor;
import io.nightshift.formats.safetensors.TensorSpec;
import java.util.List;
import java.util.function.Function;

/**
 * What will become one item of a safetensors file, before its place is known.
 *
 * @param name what it is sorted by
 * @param tensors that it writes, one behind the other
 * @param item makes it of the tensors, once they are placed
 */
public record DraftItem(String name, List<TensorSpec> tensors, Function<List<SafetensorsTensor>, Item> item) {
    /** Rows of a source tensor under a name of their own, as they are or in another type. */
    public static DraftItem copy(TensorSpec spec, SourceRows source) {
        return new DraftItem(spec.name(), List.of(spec), tensors -> new Item.Copied(source, tensors.get(0)));
    }

    /** A source tensor under its own name, in floats. */
    public static DraftItem copy(SourceRows whole) {
        SafetensorsTensor tensor = whole.tensor();
        return copy(new TensorSpec(tensor.name(), FloatTensors.type(whole), tensor.shape()), whole);
    }
}
