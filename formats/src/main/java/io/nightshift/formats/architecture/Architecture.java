package io.nightshift.formats.architecture;

import java.util.List;

/**
 * A family of models, as data.
 *
 * @param name in GGUF
 * @param modelClasses the names in {@code architectures} of {@code config.json}
 * @param tensors which source tensors make which output tensors
 * @param leftOut source tensors that the converter drops for this family, besides those it drops for all
 * @param computed makes the tensors that are worked out from the configuration
 * @param leading metadata that the converter writes before everything but the architecture's name
 * @param hyperparameters metadata in the order in which the converter sets it
 * @param linearGroups what feeds which linear layers, within a layer
 * @param traits what the forward pass does in the family's own way
 */
public record Architecture(
        String name,
        List<String> modelClasses,
        List<TensorRow> tensors,
        List<String> leftOut,
        List<ComputedTensors> computed,
        List<Hyperparameter> leading,
        List<Hyperparameter> hyperparameters,
        List<LinearGroup> linearGroups,
        DecoderTraits traits) {

    /** A family that leaves nothing out and computes nothing. */
    static Architecture of(
            String name,
            List<String> modelClasses,
            List<TensorRow> tensors,
            List<Hyperparameter> hyperparameters,
            List<LinearGroup> linearGroups,
            DecoderTraits traits) {
        return new Architecture(
                name, modelClasses, tensors, List.of(), List.of(), List.of(), hyperparameters, linearGroups, traits);
    }

    Architecture leavingOut(String... names) {
        return new Architecture(
                name, modelClasses, tensors, List.of(names), computed, leading, hyperparameters, linearGroups, traits);
    }

    Architecture computing(ComputedTensors tensorsToCompute, Hyperparameter... leadingKeys) {
        return new Architecture(name, modelClasses, tensors, leftOut, List.of(tensorsToCompute), List.of(leadingKeys),
                hyperparameters, linearGroups, traits);
    }
}
