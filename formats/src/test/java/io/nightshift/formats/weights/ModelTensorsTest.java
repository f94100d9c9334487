package io.nightshift.formats.weights;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.nightshift.formats.architecture.ColumnForm;
import io.nightshift.formats.architecture.ElementForm.Multiplied;
import io.nightshift.formats.architecture.RowOrder;
import io.nightshift.formats.architecture.SourceRows;
import io.nightshift.formats.architecture.TensorRecipe;
import io.nightshift.formats.safetensors.SafetensorsTensor;
import io.nightshift.formats.safetensors.SafetensorsType;
import io.nightshift.kernels.GgmlType;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ModelTensorsTest {
    /** Loaders multiply what a layer gives, and the model that is run here has the factors in its weights. */
    @Test
    void rowsAsLoadersKnowThemGetTheFactorsOfTheConfiguration() {
        SafetensorsTensor stored = new SafetensorsTensor("in_proj", SafetensorsType.F32, List.of(3L, 2L), "model", 0, 24);
        Multiplied factors = new Multiplied(List.of(
                new Multiplied.Range(1, List.of(2f)), new Multiplied.Range(2, List.of(3f, 0.5f))));
        SourceRows rows = new SourceRows(stored, 0, 3, RowOrder.AS_IS, 0, ColumnForm.AS_STORED, factors);
        String name = "blk.0.ssm_in.weight";
        TensorRecipe recipe =
                new TensorRecipe(name, List.of(2L, 3L), GgmlType.F32, new TensorRecipe.Stored(List.of(rows)));
        ModelTensors model = new ModelTensors("falcon-h1", "model", Map.of(name, recipe), List.of(), null);
        Map<String, float[]> apart = model.apart(name, new float[] {1, 2, 3, 4, 5, 6});
        assertEquals(List.of(name), List.copyOf(apart.keySet()));
        assertArrayEquals(new float[] {2, 4, 4.5f, 6, 7.5f, 9}, apart.get(name));
    }
}
