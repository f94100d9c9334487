package io.nightshift.formats.awq;

import io.nightshift.formats.architecture.LinearLayers;
import io.nightshift.formats.architecture.ModelConversion;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The names by which vLLM asks whether a layer is left out, where they are not those of the checkpoint (vLLM 0.32). */
final class VllmNames {
    private static final Pattern FALCON_STATES = Pattern.compile("model\\.layers\\.(\\d+)\\.mamba\\.(.+)");

    private VllmNames() {}

    /**
     * Its name in vLLM.
     *
     * @param module a linear layer's name in the checkpoint
     */
    static String of(String module, ModelConversion conversion) {
        return switch (conversion.architecture().name()) {
            case "granitehybrid" -> module.replace(".mamba.", ".mixer.");
            case "falcon-h1" -> falcon(module, LinearLayers.decoderLayers(conversion));
            case "lfm2", "lfm2moe" -> module.replace(".conv.", ".short_conv.");
            default -> module;
        };
    }

    /** Mixers of states are numbered behind those of attention, which have no name of their own (FalconH1ParallelHybrid). */
    private static String falcon(String module, long layers) {
        Matcher states = FALCON_STATES.matcher(module);
        return states.matches()
                ? "model." + (layers + Long.parseLong(states.group(1))) + ".mixer." + states.group(2)
                : module.replace(".self_attn.", ".");
    }
}
