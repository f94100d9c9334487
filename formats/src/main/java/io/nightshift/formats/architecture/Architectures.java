package io.nightshift.formats.architecture;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.Printable;
import io.nightshift.formats.checkpoint.Checkpoint;
import io.nightshift.formats.checkpoint.ModelConfig;
import java.io.IOException;
import java.util.List;
import java.util.stream.Collectors;

/** The supported families. Adding one is adding its table here. */
public final class Architectures {
    private static final List<Architecture> ALL = List.of(
            LlamaFamily.LLAMA,
            LlamaFamily.MISTRAL,
            LlamaFamily.MIXTRAL,
            QwenFamily.QWEN2,
            QwenFamily.QWEN3,
            QwenFamily.QWEN3_MOE,
            GemmaFamily.GEMMA2,
            GemmaFamily.GEMMA3,
            PhiFamily.PHI3,
            Qwen35Family.QWEN35,
            Qwen35Family.QWEN35_MOE,
            Qwen35Family.QWEN3_NEXT,
            Gemma4Family.GEMMA4,
            MistralFamily.MISTRAL3,
            GptOssFamily.GPT_OSS,
            DeepSeekFamily.DEEPSEEK2,
            DeepSeekFamily.DEEPSEEK3,
            GlmFamily.GLM4_MOE,
            GlmFamily.GLM4_MOE_LITE,
            DenseFamilies.SMOLLM3,
            DenseFamilies.ARCEE,
            GraniteFamily.GRANITE,
            GraniteFamily.GRANITE_MOE,
            GraniteFamily.GRANITE_MOE_SHARED,
            GraniteFamily.ATTENTION_ONLY,
            GraniteFamily.ATTENTION_ONLY_MOE,
            GraniteFamily.HYBRID,
            DenseFamilies.APERTUS,
            DenseFamilies.SEED_OSS,
            DenseFamilies.OLMO2,
            DenseFamilies.EXAONE4,
            DenseFamilies.COMMAND_R,
            DenseFamilies.COHERE2,
            DenseFamilies.ERNIE45,
            HunyuanFamily.DENSE,
            HunyuanFamily.MIXTURE,
            DenseFamilies.STARCODER2,
            MixtureFamilies.QWEN2_VL,
            MixtureFamilies.QWEN3_VL,
            MixtureFamilies.QWEN3_VL_MOE,
            MixtureFamilies.QWEN2_MOE,
            MixtureFamilies.OLMOE,
            MixtureFamilies.MINIMAX_M2,
            MixtureFamilies.LLAMA4,
            MixtureFamilies.ERNIE45_MOE,
            NemotronFamily.DENSE,
            NemotronFamily.NANO,
            NemotronFamily.SUPER,
            FalconFamily.FALCON_H1,
            LiquidFamily.LFM2,
            LiquidFamily.LFM2_MOE);

    private Architectures() {}

    /**
     * The family of a model.
     *
     * @throws InvalidModelException if it is not supported; the message names the families that are
     */
    public static Architecture of(ModelConfig config) {
        String modelClass = config.architecture();
        return ALL.stream()
                .filter(architecture -> architecture.isOf(modelClass, config))
                .findFirst()
                .orElseThrow(() -> new InvalidModelException(config.location() + ": the architecture "
                        + Printable.name(modelClass) + " is not supported; those of docs/families.md are: " + ALL.stream()
                                .map(Architecture::name)
                                .distinct()
                                .collect(Collectors.joining(", "))));
    }

    /**
     * How a checkpoint becomes GGUF.
     *
     * @throws MissingPredictionException if it lacks the blocks for predicting further tokens
     * @throws InvalidModelException if the architecture is not supported, if a value of the configuration is out of its
     *     range, or if a tensor is missing, superfluous or of the wrong shape or type
     * @throws IOException if a file that the conversion needs cannot be read
     */
    public static ModelConversion convert(Checkpoint checkpoint) throws IOException {
        Architecture architecture = of(checkpoint.config());
        architecture.check(checkpoint);
        if (!checkpoint.config().keepsPrediction() && architecture.blocks() == BlockCount.LAYERS) {
            throw new InvalidModelException("--no-mtp has no effect on " + checkpoint.config().architecture()
                    + ", of which blocks for predicting further tokens are not kept anyway; leave it out");
        }
        HyperparameterRanges.require(architecture, checkpoint.config());
        return new Conversion(architecture, checkpoint).convert();
    }

    /**
     * The same of a model that is run and no more: without blocks for predicting further tokens, whether it has them or only
     * says so.
     *
     * @throws InvalidModelException as {@link #convert} does
     * @throws IOException if a file that the conversion needs cannot be read
     */
    public static ModelConversion convertToRun(Checkpoint checkpoint) throws IOException {
        return convert(of(checkpoint.config()).blocks() == BlockCount.LAYERS ? checkpoint : checkpoint.withoutPrediction());
    }
}
