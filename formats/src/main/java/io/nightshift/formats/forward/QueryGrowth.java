package io.nightshift.formats.forward;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.checkpoint.ModelConfig;
import java.io.Serializable;
import java.util.Optional;

/**
 * What queries are multiplied by at a position (Llama 4's attention temperature): 1 + beta * ln(1 + floor(position / context)).
 *
 * @param beta 0 where they stay as they are
 * @param context tokens over which the factor stays the same
 */
record QueryGrowth(float beta, long context) implements Serializable {
    static final QueryGrowth NONE = new QueryGrowth(0, 1);

    /** That of a configuration; {@link #NONE} where it has none. */
    static QueryGrowth of(ModelConfig config) {
        Optional<Double> beta = config.findRopeNumber("llama_4_scaling_beta");
        if (beta.isEmpty()) {
            return NONE;
        }
        double context = config.findRopeNumber("original_max_position_embeddings").orElse(0.0);
        if (!(context >= 1)) {
            throw new InvalidModelException(config.location() + ": \"rope_parameters.original_max_position_embeddings\" is "
                    + context + "; with llama_4_scaling_beta it must be at least 1");
        }
        return new QueryGrowth(beta.get().floatValue(), (long) context);
    }

    /** The factor at a position. */
    float at(int position) {
        // StrictMath, so that the bits are the same in any JVM.
        return beta == 0 ? 1 : 1 + beta * (float) StrictMath.log(1 + position / context);
    }
}
