package io.nightshift.formats.architecture;

import com.fasterxml.jackson.databind.JsonNode;
import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.checkpoint.ModelConfig;
import java.io.Serializable;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * The rotary position embeddings of a model, as transformers computes them ({@code modeling_rope_utils.py}), in
 * PyTorch's 32-bit arithmetic.
 *
 * @param inverseFrequencies radians a position, one a pair of channels
 * @param longInverseFrequencies those of sequences longer than {@code longFrom}: others in longrope, else the same
 * @param longFrom the longest sequence that {@code inverseFrequencies} hold for
 * @param scaling of cosines and sines
 */
public record RotaryParameters(
        float[] inverseFrequencies, float[] longInverseFrequencies, int longFrom, float scaling)
        implements Serializable {
    private static final double DEFAULT_THETA = 10000;

    /**
     * The parameters of all layers, or of the global ones where those with a window have their own.
     *
     * @param head channels of a head
     * @throws InvalidModelException if the type is not known, or a number that it needs is missing
     */
    public static RotaryParameters of(ModelConfig config, int head) {
        String type = config.findRope("rope_type")
                .map(node -> node.asText().toLowerCase(Locale.ROOT))
                .orElse("default");
        int channels = type.equals("proportional") ? head : channels(config, head);
        double theta = stretched(config, type, config.findRopeNumber("rope_theta").orElse(DEFAULT_THETA), channels);
        float[] powers = powers(theta, channels);
        return switch (type) {
            // Dynamic scaling begins beyond the model's own context.
            case "default", "dynamic", "mrope" -> same(inverse(powers, 1), 1);
            case "proportional" -> same(proportional(config, inverse(powers, 1)), 1);
            case "linear" -> same(dividedBy(inverse(powers, 1), (float) number(config, "factor")), 1);
            case "llama3" -> same(llama3(config, inverse(powers, 1)), 1);
            case "yarn" -> yarn(config, theta, channels, powers);
            case "longrope", "su" -> longrope(config, powers);
            default -> throw new InvalidModelException(config.location() + ": the rope type '" + type
                    + "' is not supported; supported are default, linear, dynamic, llama3, yarn, longrope and"
                    + " proportional");
        };
    }

    /**
     * The parameters of layers with a sliding window: their own where the configuration has some, else the others'.
     *
     * @param head channels of a head
     */
    public static RotaryParameters ofSlidingLayers(ModelConfig config, int head) {
        Optional<Double> theta = config.slidingWindowRopeTheta();
        if (theta.isEmpty()) {
            return of(config, head);
        }
        // Of proportional rotation the part is that of the global layers alone.
        int channels = isProportional(config) ? head : channels(config, head);
        return same(inverse(powers(theta.get(), channels), 1), 1);
    }

    private static boolean isProportional(ModelConfig config) {
        return config.findRope("rope_type").filter(type -> type.asText().equals("proportional")).isPresent();
    }

    /** _compute_proportional_rope_parameters: pairs of channels behind the first few are not turned. */
    private static float[] proportional(ModelConfig config, float[] frequencies) {
        double part = config.findRopeNumber("partial_rotary_factor").orElse(1.0);
        int turned = (int) (part * (2 * frequencies.length) / 2);
        Arrays.fill(frequencies, turned, frequencies.length, 0);
        return dividedBy(frequencies, config.findRopeNumber("factor").orElse(1.0).floatValue());
    }

    /** Hunyuan's longer contexts, by a larger base from the first position on. */
    private static double stretched(ModelConfig config, String type, double theta, int channels) {
        Optional<Double> alpha = config.findRopeNumber("alpha").filter(value -> type.equals("dynamic") && value != 0);
        return alpha.isEmpty() ? theta : theta * Math.pow(alpha.get(), (double) channels / (channels - 2));
    }

    private static RotaryParameters same(float[] inverseFrequencies, float scaling) {
        return new RotaryParameters(inverseFrequencies, inverseFrequencies, Integer.MAX_VALUE, scaling);
    }

    private static int channels(ModelConfig config, long head) {
        return config.findRopeNumber("partial_rotary_factor")
                .map(factor -> (int) (head * factor))
                // MiniMax's key.
                .orElseGet(() -> (int) Math.min(head, config.findInteger("rotary_dim").orElse(head)));
    }

    private static float[] powers(double theta, int channels) {
        float[] exponents = new float[(channels + 1) / 2];
        for (int i = 0; i < exponents.length; i++) {
            exponents[i] = (float) (2 * i) / channels;
        }
        return TorchFloat.pow((float) theta, exponents);
    }

    private static float[] inverse(float[] powers, float factor) {
        float[] inverse = new float[powers.length];
        for (int i = 0; i < inverse.length; i++) {
            inverse[i] = 1 / (factor * powers[i]);
        }
        return inverse;
    }

    private static float[] dividedBy(float[] frequencies, float factor) {
        for (int i = 0; i < frequencies.length; i++) {
            frequencies[i] /= factor;
        }
        return frequencies;
    }

    /** _compute_llama3_parameters. */
    private static float[] llama3(ModelConfig config, float[] frequencies) {
        float factor = (float) number(config, "factor");
        double low = number(config, "low_freq_factor");
        double high = number(config, "high_freq_factor");
        double original = number(config, "original_max_position_embeddings");
        for (int i = 0; i < frequencies.length; i++) {
            float frequency = frequencies[i];
            float wavelength = (float) (2 * Math.PI) / frequency;
            if (wavelength > (float) (original / low)) {
                frequencies[i] = frequency / factor;
            } else if (!(wavelength < (float) (original / high))) {
                float smooth = ((float) original / wavelength - (float) low) / (float) (high - low);
                frequencies[i] = (1 - smooth) * frequency / factor + smooth * frequency;
            }
        }
        return frequencies;
    }

    /** _compute_yarn_parameters (Peng et al., YaRN, 2023). */
    private static RotaryParameters yarn(ModelConfig config, double theta, int channels, float[] powers) {
        double original = number(config, "original_max_position_embeddings");
        double factor = config.findRopeNumber("factor")
                .orElseGet(() -> config.integer("max_position_embeddings") / original);
        boolean truncated = config.findRope("truncate").map(JsonNode::asBoolean).orElse(true);
        double first = correction(orDefault(config, "beta_fast", 32), channels, theta, original);
        double last = correction(orDefault(config, "beta_slow", 1), channels, theta, original);
        double low = Math.max(truncated ? Math.floor(first) : first, 0);
        double high = Math.min(truncated ? Math.ceil(last) : last, channels - 1);
        if (low == high) {
            high += 0.001;
        }
        float[] frequencies = new float[powers.length];
        float[] stretched = inverse(powers, (float) factor);
        for (int i = 0; i < frequencies.length; i++) {
            float ramp = Math.max(0, Math.min(1, (i - (float) low) / (float) (high - low)));
            float kept = 1 - ramp;
            frequencies[i] = stretched[i] * (1 - kept) + 1 / powers[i] * kept;
        }
        return same(frequencies, (float) yarnScaling(config, factor));
    }

    private static double correction(double rotations, int channels, double theta, double original) {
        return channels * Math.log(original / (rotations * 2 * Math.PI)) / (2 * Math.log(theta));
    }

    private static double yarnScaling(ModelConfig config, double factor) {
        Optional<Double> given = config.findRopeNumber("attention_factor");
        if (given.isPresent()) {
            return given.get();
        }
        double scale = orDefault(config, "mscale", 0);
        double scaleOfAll = orDefault(config, "mscale_all_dim", 0);
        return scale != 0 && scaleOfAll != 0
                ? yarnScaling(factor, scale) / yarnScaling(factor, scaleOfAll)
                : yarnScaling(factor, 1);
    }

    /**
     * What products of queries and keys are multiplied by where {@code mscale_all_dim} tells of it (DeepSeek's
     * yarn_apply_mscale): beside the scaling of cosines and sines, for channels that are not rotated too.
     */
    public static double productScaling(ModelConfig config) {
        boolean scaled = config.findRope("rope_type").filter(type -> !type.asText().equals("default")).isPresent();
        double scale = orDefault(config, "mscale_all_dim", 0);
        if (!scaled || scale == 0) {
            return 1;
        }
        double root = yarnScaling(number(config, "factor"), scale);
        return root * root;
    }

    private static double yarnScaling(double factor, double scale) {
        return factor <= 1 ? 1 : 0.1 * scale * Math.log(factor) + 1;
    }

    /** _compute_longrope_parameters (Ding et al., LongRoPE, 2024). */
    private static RotaryParameters longrope(ModelConfig config, float[] powers) {
        double original = number(config, "original_max_position_embeddings");
        double factor = config.findRopeNumber("factor")
                .orElseGet(() -> config.integer("max_position_embeddings") / original);
        double scaling = config.findRopeNumber("attention_factor").orElseGet(
                () -> factor <= 1 ? 1 : Math.sqrt(1 + Math.log(factor) / Math.log(original)));
        return new RotaryParameters(stretched(config, "short_factor", powers), stretched(config, "long_factor", powers),
                (int) original, (float) scaling);
    }

    private static float[] stretched(ModelConfig config, String key, float[] powers) {
        List<Double> factors = config.findRopeNumbers(key).orElse(List.of());
        if (factors.size() != powers.length) {
            throw new InvalidModelException(config.location() + ": the list " + key + " of the rope parameters has "
                    + factors.size() + " numbers, but must have " + powers.length);
        }
        float[] frequencies = new float[powers.length];
        for (int i = 0; i < frequencies.length; i++) {
            frequencies[i] = 1 / (factors.get(i).floatValue() * powers[i]);
        }
        return frequencies;
    }

    private static double number(ModelConfig config, String key) {
        return config.findRopeNumber(key).orElseThrow(() -> new InvalidModelException(
                config.location() + ": \"rope_parameters." + key + "\" is missing"));
    }

    private static double orDefault(ModelConfig config, String key, double value) {
        return config.findRopeNumber(key).filter(given -> given != 0).orElse(value);
    }
}
