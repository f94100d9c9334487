package io.nightshift.formats.exl2;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.checkpoint.ModelConfig;
import java.util.Set;
import java.util.TreeSet;

/**
 * The model classes that ExLlamaV2 0.3.2 knows (architecture.py). It loads any other one as a Llama and only warns, so that
 * a folder of such a model would give nonsense there.
 */
public final class Exl2Architectures {
    private static final Set<String> KNOWN = Set.of("LlamaForCausalLM", "MistralForCausalLM", "MixtralForCausalLM",
            "LlavaForConditionalGeneration", "Mistral3ForConditionalGeneration", "YiForCausalLM", "OrionForCausalLM",
            "Qwen2ForCausalLM", "Qwen3ForCausalLM", "Qwen3MoeForCausalLM", "Qwen2VLForConditionalGeneration",
            "Qwen2_5_VLForConditionalGeneration", "GemmaForCausalLM", "Gemma2ForCausalLM",
            "Gemma3ForConditionalGeneration", "Starcoder2ForCausalLM", "GemmoeForCausalLM", "CohereForCausalLM",
            "Cohere2ForCausalLM", "DbrxForCausalLM", "Phi3ForCausalLM", "GPTBigCodeForCausalLM", "GPT2LMHeadModel",
            "MiniCPMForCausalLM", "InternLM2ForCausalLM", "IndexForCausalLM", "GraniteForCausalLM", "Glm4ForCausalLM");

    /**
     * Of those with images it reads keys of the vision tower's configuration that not all versions of transformers write;
     * norms of the others take off the mean.
     */
    private static final Set<String> NOT_TRIED = Set.of("Mistral3ForConditionalGeneration",
            "Qwen2VLForConditionalGeneration", "Qwen2_5_VLForConditionalGeneration", "Starcoder2ForCausalLM",
            "CohereForCausalLM", "Cohere2ForCausalLM");

    private Exl2Architectures() {}

    /**
     * Refuses a model that ExLlamaV2 does not know, or whose folders it is not known to load.
     *
     * @throws InvalidModelException if it is one; the message names its class
     */
    public static void require(ModelConfig config) {
        if (!KNOWN.contains(config.rootArchitecture())) {
            throw new InvalidModelException(config.location() + ": ExLlamaV2 does not know the architecture "
                    + config.rootArchitecture() + " and would load it as a Llama: choose gguf or awq, or a model of "
                    + String.join(", ", new TreeSet<>(KNOWN)));
        }
        if (NOT_TRIED.contains(config.rootArchitecture())) {
            throw new InvalidModelException(config.location() + ": EXL2 folders of " + config.rootArchitecture()
                    + " are not made here yet: choose gguf or awq");
        }
    }
}
