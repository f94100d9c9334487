package io.nightshift.jobs.quantize;

import io.nightshift.formats.architecture.TensorRecipe;
import io.nightshift.formats.layout.OutputLayout;
import java.util.Map;
import java.util.Optional;

/**
 * An output before it is made, as the driver holds it.
 *
 * @param layout where every byte goes
 * @param importance what errors in the columns of tensors cost, where they are rounded to nearest by an importance matrix
 * @param notes what people want to know of single items, by name
 */
public record LaidOut(OutputLayout layout, RowImportance importance, Map<String, String> notes) {
    /** The importance of the columns of tensors. */
    public interface RowImportance {
        /** Nothing is known of any tensor. */
        RowImportance NONE = tensor -> Optional.empty();

        /** One value for each column of each expert of a tensor, if anything is known of them. */
        Optional<float[]> of(TensorRecipe tensor);
    }
}
