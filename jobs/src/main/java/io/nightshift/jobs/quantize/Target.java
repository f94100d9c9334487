package io.nightshift.jobs.quantize;

import io.nightshift.formats.architecture.LinearLayer;
import io.nightshift.jobs.rounding.RoundingOptions;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/**
 * One output with its options, such as {@code gguf:Q4_K_M} or {@code awq}: all that is special to a format. Everything else
 * is done by {@link QuantizeJob}, for all targets alike.
 *
 * <p>Both methods are pure functions of headers and statistics: they read no weights, and give the same whenever they are
 * asked the same.
 */
public interface Target {
    /** How the user asks for it. */
    String name();

    /** How its linear layers are scaled and rounded; {@link RoundingOptions#NONE} where they are not. */
    RoundingOptions rounding();

    /** Whether there are options with which it needs no statistics. */
    default boolean canDoWithoutStatistics() {
        return true;
    }

    /** Whether its loaders want the blocks for predicting further tokens that a model's configuration counts. */
    default boolean wantsPrediction() {
        return true;
    }

    /**
     * The linear layers as the output has them, the output projection last: those of the model, if it puts none together.
     *
     * @throws IOException if something cannot be read
     */
    default List<LinearLayer> layers(Model model) throws IOException {
        return model.linears();
    }

    /**
     * What the target needs, and what it does to each linear layer. Everything that can be refused is refused here, before
     * the model is run over a single text.
     *
     * @param statistics of the linear layers' inputs, if there are or will be any
     * @throws io.nightshift.formats.InvalidModelException if the target cannot be made of this model with these statistics,
     *     or an option has no effect; the message names it and says what to do
     * @throws IOException if something cannot be read
     */
    TargetPlan check(Model model, Optional<InputStatistics> statistics) throws IOException;

    /**
     * The choices that an output was made with that is there, as far as it says: asked where choices hang on a measurement,
     * so that an output that is complete need not be measured again.
     *
     * @param plan what {@link #check} gave
     * @param output the folder of outputs
     * @throws IOException if it cannot be read
     */
    default Optional<Chosen> chosenBefore(Model model, TargetPlan plan, String output) throws IOException {
        return Optional.empty();
    }

    /**
     * Every byte's place in the output.
     *
     * @param chosen a choice for each unit of the plan
     * @throws io.nightshift.formats.InvalidModelException as {@link #check}
     * @throws IOException if something cannot be read
     */
    LaidOut layOut(Model model, Optional<InputStatistics> statistics, Chosen chosen) throws IOException;
}
