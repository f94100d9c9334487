package io.nightshift.formats.architecture;

import io.nightshift.formats.checkpoint.ModelConfig;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;

/** What a source tensor is called in a family's table (the converter's filter_tensors). */
@FunctionalInterface
interface SourceNaming {
    /** The name that the table has for a tensor; nothing if the tensor is left out. */
    Optional<String> nameOf(String tensor, ModelConfig config);

    /** The rule of most families (conversion/base.py, TextModel.filter_tensors). */
    SourceNaming STANDARD = (tensor, config) ->
            SourceNames.isDropped(tensor) ? Optional.empty() : Optional.of(SourceNames.canonical(tensor));

    /** This rule, without some of the tensors that it names. */
    default SourceNaming leavingOut(Predicate<String> names) {
        return (tensor, config) -> nameOf(tensor, config).filter(names.negate());
    }

    /** This rule, and a change of the names that it gives. */
    default SourceNaming renaming(UnaryOperator<String> change) {
        return (tensor, config) -> nameOf(tensor, config).map(change);
    }

    /** This rule, without an output matrix where the configuration ties it to the embedding. */
    default SourceNaming leavingOutTiedOutput() {
        return (tensor, config) -> nameOf(tensor, config).filter(
                name -> !(config.flag("tie_word_embeddings") && name.endsWith("lm_head.weight")));
    }

    /** This rule, without the layers behind the ones that are counted where blocks for further tokens are not kept. */
    default SourceNaming leavingOutUnkeptPrediction() {
        SourceNaming without = leavingOutFurtherLayers();
        return (tensor, config) -> (config.keepsPrediction() ? this : without).nameOf(tensor, config);
    }

    /** This rule, without the layers behind the ones that the configuration counts. */
    default SourceNaming leavingOutFurtherLayers() {
        return (tensor, config) -> nameOf(tensor, config).filter(
                name -> SourceNames.layer(name).orElse(-1) < config.integer("num_hidden_layers"));
    }
}
