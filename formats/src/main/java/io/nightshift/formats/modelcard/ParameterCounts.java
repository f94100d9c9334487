package io.nightshift.formats.modelcard;

import io.nightshift.formats.architecture.TensorRecipe;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.List;

/**
 * Weights of a model (gguf_writer.py, get_total_parameter_count).
 *
 * @param total all weights
 * @param shared weights outside the experts
 * @param perExpert weights of one expert, all layers together
 * @param experts number of experts, 0 in a dense model
 */
public record ParameterCounts(long total, long shared, long perExpert, long experts) {
    /** Counts the weights of a GGUF's tensors; those of stacked experts have {@code _exps.} in their names. */
    public static ParameterCounts of(List<TensorRecipe> tensors) {
        long total = 0;
        long shared = 0;
        long perExpert = 0;
        long experts = 0;
        long stacks = 0;
        for (TensorRecipe tensor : tensors) {
            long weights = tensor.weights();
            total += weights;
            if (tensor.name().contains("_exps.") && tensor.shape().size() >= 3) {
                long stacked = tensor.shape().get(tensor.name().contains(".bias") ? 1 : 2);
                perExpert += weights / stacked;
                experts += stacked;
                stacks++;
            } else {
                shared += weights;
            }
        }
        return new ParameterCounts(total, shared, perExpert, stacks == 0 ? 0 : experts / stacks);
    }

    /** The size as names carry it: {@code 7.2B}, {@code 8x1.4M} (gguf-py, utility.py, size_label). */
    public String sizeLabel() {
        return experts > 0 ? experts + "x" + rounded(shared + perExpert) : rounded(total);
    }

    /** At least two digits, thousands at the least. */
    private static String rounded(long parameters) {
        double scaled;
        char unit;
        if (parameters > 1e12) {
            scaled = parameters * 1e-12;
            unit = 'T';
        } else if (parameters > 1e9) {
            scaled = parameters * 1e-9;
            unit = 'B';
        } else if (parameters > 1e6) {
            scaled = parameters * 1e-6;
            unit = 'M';
        } else {
            scaled = parameters * 1e-3;
            unit = 'K';
        }
        BigDecimal exact = new BigDecimal(scaled);
        String whole = exact.setScale(0, RoundingMode.HALF_EVEN).toPlainString();
        int digits = whole.equals("0") ? 0 : whole.length();
        return exact.setScale(Math.max(2 - digits, 0), RoundingMode.HALF_EVEN).toPlainString() + unit;
    }
}
