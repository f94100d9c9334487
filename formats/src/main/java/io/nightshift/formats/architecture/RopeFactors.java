package io.nightshift.formats.architecture;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.architecture.TensorRecipe.Computed;
import io.nightshift.formats.checkpoint.ModelConfig;
import io.nightshift.kernels.GgmlType;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Factors that scale the frequencies of RoPE, in the arithmetic of the converter: PyTorch's 32-bit floats. */
final class RopeFactors {
    /** More channels than a head has: sizes are not compared with the tensors yet when factors are made. */
    private static final int MOST_CHANNELS = 1 << 20;

    private RopeFactors() {}

    /** The factors of Llama 3.1 and later (conversion/llama.py, generate_extra_tensors). */
    static List<TensorRecipe> llama3(ModelConfig config) {
        if (!config.findRope("rope_type").map(type -> type.asText().equalsIgnoreCase("llama3")).orElse(false)) {
            return List.of();
        }
        float base = (float) (double) config.findRopeNumber("rope_theta").orElse(10000.0);
        int dimensions = channels(Dimension.HEAD.of(config));
        double factor = config.findRopeNumber("factor").orElse(8.0);
        double lowFactor = config.findRopeNumber("low_freq_factor").orElse(1.0);
        double highFactor = config.findRopeNumber("high_freq_factor").orElse(4.0);
        double oldContext = config.findRopeNumber("original_max_position_embeddings").orElse(8192.0);
        float longest = (float) (oldContext / lowFactor);
        float shortest = (float) (oldContext / highFactor);

        float[] exponents = new float[(dimensions + 1) / 2];
        for (int i = 0; i < exponents.length; i++) {
            exponents[i] = (float) (2 * i) / dimensions;
        }
        List<Float> factors = new ArrayList<>();
        for (float power : TorchFloat.pow(base, exponents)) {
            float frequency = 1 / power;
            float wavelength = 1 / frequency * (float) (2 * Math.PI);
            if (wavelength < shortest) {
                factors.add(1f);
            } else if (wavelength > longest) {
                factors.add((float) factor);
            } else {
                float smooth = (1 / wavelength * (float) oldContext - (float) lowFactor)
                        / (float) (highFactor - lowFactor);
                factors.add(1 / ((1 - smooth) / (float) factor + smooth));
            }
        }
        return List.of(vector("rope_freqs.weight", factors));
    }

    /** The factors of Phi-3's and Phi-4's long contexts (conversion/phi.py, generate_extra_tensors). */
    static List<TensorRecipe> longrope(ModelConfig config) {
        Optional<List<Double>> longFactors = config.findRopeNumbers("long_factor").filter(list -> !list.isEmpty());
        if (longFactors.isEmpty()) {
            return List.of();
        }
        return List.of(
                vector("rope_factors_long.weight", ofRope(config, "long_factor")),
                vector("rope_factors_short.weight", ofRope(config, "short_factor")));
    }

    private static List<Float> ofRope(ModelConfig config, String key) {
        List<Float> factors = config.findRopeNumbers(key).orElse(List.of()).stream().map(Double::floatValue).toList();
        long dimensions = partialDimensions(config);
        if (2L * factors.size() != dimensions) {
            throw new InvalidModelException(config.location() + ": the list " + key + " of the rope parameters has "
                    + factors.size() + " numbers, but must have half as many as a head's " + dimensions
                    + " rotated channels");
        }
        return factors;
    }

    /** How much longer contexts than the original flatten attention; nothing without factors. */
    static Optional<Double> attentionFactor(ModelConfig config) {
        if (config.findRopeNumbers("long_factor").filter(list -> !list.isEmpty()).isEmpty()) {
            return Optional.empty();
        }
        double original = config.ropeInteger("original_max_position_embeddings");
        double scale = config.integer("n_positions", "max_position_embeddings") / original;
        String type = config.findRope("rope_type").map(node -> node.asText().toLowerCase(Locale.ROOT)).orElse("");
        return Optional.of(switch (type) {
            case "su", "longrope" -> scale > 1 ? Math.sqrt(1 + Math.log(scale) / Math.log(original)) : 1.0;
            case "yarn" -> scale > 1 ? 0.1 * Math.log(scale) + 1 : 1.0;
            default -> throw new InvalidModelException(config.location() + ": the rope type '" + type
                    + "' is not supported with long_factor; supported are longrope, su and yarn");
        });
    }

    /** Channels of a head that are rotated (conversion/phi.py). */
    static long partialDimensions(ModelConfig config) {
        double fraction = config.findRopeNumber("partial_rotary_factor").orElse(1.0);
        long hidden = config.integer("hidden_size", "n_embd");
        return (long) (fraction * hidden) / Math.max(1, config.integer("num_attention_heads", "n_head"));
    }

    /** Channels of a head, but no more than fit the memory. */
    static int channels(long ofHead) {
        return (int) Math.min(MOST_CHANNELS, ofHead);
    }

    /** A tensor of factors. */
    static TensorRecipe vector(String name, List<Float> values) {
        return new TensorRecipe(name, List.of((long) values.size()), GgmlType.F32, new Computed(List.copyOf(values)));
    }
}
