package io.nightshift.formats.conversion;

import io.nightshift.formats.architecture.TensorRecipe;
import io.nightshift.formats.gguf.GgufLayout;
import io.nightshift.formats.gguf.GgufTensor;
import io.nightshift.kernels.GgmlType;
import java.util.ArrayList;
import java.util.List;

/** The tensor table of a GGUF file that is made of a model's tensors. */
public final class TensorTable {
    private TensorTable() {}

    /** The table for tensors of given types, in the order given. */
    public static List<GgufTensor> of(List<TensorRecipe> tensors, List<GgmlType> types) {
        List<GgufTensor> table = new ArrayList<>(tensors.size());
        long offset = 0;
        for (int i = 0; i < tensors.size(); i++) {
            GgufTensor tensor =
                    new GgufTensor(tensors.get(i).name(), tensors.get(i).writtenShape(), types.get(i), offset);
            table.add(tensor);
            offset = GgufLayout.padded(Math.addExact(offset, tensor.bytes()));
        }
        return table;
    }
}
