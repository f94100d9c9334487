package io.nightshift.formats.forward;

import com.fasterxml.jackson.databind.JsonNode;
import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.architecture.ModelConversion;
import io.nightshift.formats.checkpoint.ModelConfig;
import io.nightshift.kernels.linear.SelectiveScan;

/** The sizes of layers of Mamba 2, as GGUF has them; variants that transformers and llama.cpp compute otherwise are refused. */
final class ScanShape {
    private ScanShape() {}

    /**
     * Of a model.
     *
     * @throws InvalidModelException if sizes do not fit each other, or the variant is not known
     */
    static SelectiveScan of(ModelConfig config, ModelConversion conversion) {
        int groups = size(conversion, "group_count");
        int heads = size(conversion, "time_step_rank");
        int channels = size(conversion, "inner_size");
        if (groups == 0 || heads == 0 || heads % groups != 0 || channels % heads != 0) {
            throw new InvalidModelException(config.location() + ": " + channels + " channels of Mamba 2 in " + heads
                    + " heads and " + groups + " groups: channels must be a multiple of heads, and heads of groups");
        }
        if (groups > 1 && config.architecture().equals("GraniteMoeHybridForCausalLM")) {
            throw unknown(config, "mamba_n_groups", groups, "transformers norms all channels together, llama.cpp and vLLM"
                    + " those of each group; known is 1");
        }
        boolean normed = conversion.tensors().stream().anyMatch(tensor -> tensor.name().endsWith(".ssm_norm.weight"));
        boolean falcon = config.architecture().equals("FalconH1ForCausalLM");
        if (falcon && normed && config.find("mamba_norm_before_gate").map(JsonNode::asBoolean).orElse(true)) {
            throw unknown(config, "mamba_norm_before_gate", true, "transformers norms before the gate then, llama.cpp behind"
                    + " it; known is false");
        }
        config.find("time_step_limit").filter(ScanShape::bounds).ifPresent(limit -> {
            throw unknown(config, "time_step_limit", limit, "llama.cpp bounds no time steps; known is [0.0, Infinity]");
        });
        return new SelectiveScan(groups, heads, size(conversion, "state_size"), channels / heads);
    }

    private static boolean bounds(JsonNode limit) {
        JsonNode highest = limit.path(1);
        return limit.path(0).asDouble() > 0 || highest.isNumber() && Double.isFinite(highest.asDouble());
    }

    private static InvalidModelException unknown(ModelConfig config, String key, Object value, String why) {
        return new InvalidModelException(config.location() + ": \"" + key + "\" is " + value + ", which is not known for "
                + config.architecture() + " in calibration and evaluation: " + why);
    }

    private static int size(ModelConversion conversion, String key) {
        return Math.toIntExact(
                conversion.hyperparameters().number(conversion.architecture().name() + ".ssm." + key).orElseThrow());
    }
}
