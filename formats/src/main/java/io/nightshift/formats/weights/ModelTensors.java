package io.nightshift.formats.weights;

import io.nightshift.formats.architecture.ElementForm;
import io.nightshift.formats.architecture.LinearLayer;
import io.nightshift.formats.architecture.LinearLayers;
import io.nightshift.formats.architecture.ModelConversion;
import io.nightshift.formats.architecture.SourceRows;
import io.nightshift.formats.architecture.TensorRecipe;
import io.nightshift.formats.architecture.TensorRecipe.Stored;
import io.nightshift.formats.checkpoint.Checkpoint;
import java.io.Serializable;
import java.nio.FloatBuffer;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The tensors of an original model: what the weights of anything made of it must be.
 *
 * @param architecture the family's name in GGUF
 * @param location where the checkpoint is, for messages
 * @param recipes how the checkpoint makes each tensor, by its name in GGUF
 * @param linears the linear layers of the decoder, under the names that loaders of Hugging Face models know them by; none
 *     where they are no matrices of floats, of which there are no quantized folders
 * @param head the output projection likewise
 */
public record ModelTensors(
        String architecture, String location, Map<String, TensorRecipe> recipes, List<LinearLayer> linears,
        LinearLayer head)
        implements Serializable {
    /**
     * The tensors of a checkpoint that are run: not those of blocks behind the last layer, nor what is never read; matrices
     * that GGUF splits are whole.
     */
    public static ModelTensors of(Checkpoint checkpoint, ModelConversion conversion) {
        Map<String, TensorRecipe> recipes = new LinkedHashMap<>();
        LinearLayers.run(conversion).forEach(tensor -> recipes.put(tensor.name(), tensor));
        return new ModelTensors(conversion.architecture().name(), checkpoint.folder().location(),
                Collections.unmodifiableMap(recipes),
                LinearLayers.areMatrices(conversion) ? LinearLayers.of(conversion) : List.of(),
                LinearLayers.head(conversion));
    }

    /**
     * What tensors get of a linear layer's rows, by their names: one tensor all of them, or several those that are theirs of a
     * matrix that the checkpoint keeps in one. Factors of the configuration are multiplied in.
     *
     * @param tensor the layer's, without experts
     * @param rows of the whole matrix, in the order of the checkpoint; what is given has the same array, or parts of it
     */
    public Map<String, float[]> apart(String tensor, float[] rows) {
        SourceRows of = ((Stored) recipes.get(tensor).content()).parts().get(0);
        if (of.elements() instanceof ElementForm.Multiplied form) {
            form.multiply(0, Math.toIntExact(of.rows()), FloatBuffer.wrap(rows));
        }
        if (!of.areApart()) {
            return Map.of(tensor, rows);
        }
        Map<String, float[]> apart = new HashMap<>();
        for (TensorRecipe recipe : recipes.values()) {
            if (recipe.content() instanceof Stored stored && stored.parts().get(0).areApart()
                    && stored.parts().get(0).tensor().equals(of.tensor())) {
                apart.put(recipe.name(), rows(stored.parts().get(0), rows));
            }
        }
        return apart;
    }

    private static float[] rows(SourceRows source, float[] all) {
        int columns = Math.toIntExact(source.length());
        float[] rows = new float[Math.multiplyExact(Math.toIntExact(source.rows()), columns)];
        for (int row = 0; row < source.rows(); row++) {
            System.arraycopy(all, Math.toIntExact(source.order().sourceRow(row) * columns), rows, row * columns, columns);
        }
        return rows;
    }
}
