package io.nightshift.formats.conversion;

import com.fasterxml.jackson.databind.JsonNode;
import io.nightshift.formats.Warnings;
import io.nightshift.formats.architecture.ModelConversion;
import io.nightshift.formats.architecture.TensorRecipe;
import io.nightshift.formats.checkpoint.ModelConfig;
import java.util.Optional;
import java.util.Set;

/** How a checkpoint rotates positions where llama.cpp's converter, and so the output, says nothing of it. */
final class UnwrittenRope {
    /** Without scaling; mrope is none for positions of text. */
    private static final Set<String> PLAIN = Set.of("default", "mrope");

    private static final Set<String> WITH_FACTORS = Set.of("longrope", "su");

    /** llama.cpp's base where a file has none. */
    private static final double USUAL_BASE = 10000;

    private UnwrittenRope() {}

    static void warn(ModelConfig config, ModelConversion conversion, Warnings warnings) {
        String prefix = conversion.architecture().name() + ".rope.";
        boolean factors = conversion.tensors().stream().map(TensorRecipe::name).anyMatch(name -> name.startsWith("rope_"));
        boolean scaled = conversion.hyperparameters().get(prefix + "scaling.type").isPresent();
        String type = config.findRope("rope_type").map(JsonNode::asText).orElse("default");
        boolean written = PLAIN.contains(type) || factors || scaled && !WITH_FACTORS.contains(type);
        if (!written) {
            warnings.differs(config.location() + ": the rope type " + type + " is not written"
                    + (type.equals("yarn") ? " without a factor" : "")
                    + ", for llama.cpp's converter ignores it in this architecture: the output rotates as without it,"
                    + " and differs in long contexts");
        }
        Optional<Double> base = config.findRopeNumber("rope_theta").filter(theta -> theta != USUAL_BASE);
        if (base.isPresent() && conversion.hyperparameters().get(prefix + "freq_base").isEmpty()) {
            warnings.differs(config.location() + ": rope_theta " + base.get() + " is not written, for llama.cpp's"
                    + " converter ignores it in this architecture: llama.cpp takes " + USUAL_BASE);
        }
    }
}
