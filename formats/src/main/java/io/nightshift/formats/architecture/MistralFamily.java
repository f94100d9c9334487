package io.nightshift.formats.architecture;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.checkpoint.ModelConfig;
import io.nightshift.formats.gguf.GgufValue;
import io.nightshift.formats.tokenizer.VocabularyRule;

/** Mistral Small 3.1 and later and Ministral 3 (conversion/mistral3.py): Llama's tensors under a name of their own. */
final class MistralFamily {
    static final Architecture MISTRAL3 = Architecture.named(
                    "mistral3", "Mistral3ForConditionalGeneration", "Ministral3ForCausalLM")
            .vocabulary(VocabularyRule.LLAMA)
            .only("model_type", "mistral", "ministral3")
            .only("hidden_act", "silu")
            .tensors(LlamaFamily.table(DecoderRows.FEED_FORWARD_ROWS))
            .computing(RopeFactors::llama3)
            .hyperparameters(LlamaFamily.HYPERPARAMETERS, MistralFamily::longContext)
            .forward(LinearGroup.DENSE, DecoderTraits.windows(WindowPattern.ALL_BY_DEFAULT).with(Rotation.OF_GROWING_QUERIES))
            .build();

    private MistralFamily() {}

    private static void longContext(ModelConfig config, HyperparameterWriter out) {
        if (!config.find("model_type").filter(type -> type.asText().equals("ministral3")).isPresent()) {
            return;
        }
        String type = config.findRopeOfAll("rope_type").map(node -> node.asText()).orElse("missing");
        if (!type.equals("yarn")) {
            throw new InvalidModelException(config.location() + ": \"rope_type\" is " + type
                    + ", which is not known for ministral3; known is yarn");
        }
        out.set("rope.scaling.yarn_log_multiplier", number(config, "mscale_all_dim"));
        out.set("attention.temperature_scale", number(config, "llama_4_scaling_beta"));
    }

    private static GgufValue number(ModelConfig config, String key) {
        return new GgufValue.Float32(config.findRopeOfAllNumber(key).orElseThrow(() -> new InvalidModelException(
                config.location() + ": \"rope_parameters." + key + "\" is missing")).floatValue());
    }
}
