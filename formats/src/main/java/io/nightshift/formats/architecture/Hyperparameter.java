package io.nightshift.formats.architecture;

import io.nightshift.formats.checkpoint.ModelConfig;
import io.nightshift.formats.gguf.GgufValue;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** A step of writing metadata: one key or a few that belong together. Keys are without the architecture's name. */
interface Hyperparameter {
    void write(ModelConfig config, HyperparameterWriter out);

    /** A whole number, if one of the configuration's keys is present. */
    static Hyperparameter integer(String key, String... names) {
        return (config, out) -> config.findInteger(names).ifPresent(value -> out.set(key, new GgufValue.Uint32(value)));
    }

    /** A whole number that must be there. */
    static Hyperparameter requiredInteger(String key, String... names) {
        return requiredInteger(key, config -> config.integer(names));
    }

    /** A whole number, worked out. */
    static Hyperparameter requiredInteger(String key, Function<ModelConfig, Long> value) {
        return (config, out) -> out.set(key, new GgufValue.Uint32(value.apply(config)));
    }

    /** A 32-bit float, if one of the configuration's keys is present. */
    static Hyperparameter number(String key, String... names) {
        return number(key, config -> config.findNumber(names));
    }

    /** A 32-bit float that must be there. */
    static Hyperparameter requiredNumber(String key, String... names) {
        return number(key, config -> Optional.of(config.number(names)));
    }

    /** A 32-bit float, worked out. */
    static Hyperparameter number(String key, Function<ModelConfig, Optional<Double>> value) {
        return (config, out) -> value.apply(config)
                .ifPresent(number -> out.set(key, new GgufValue.Float32(number.floatValue())));
    }

    /** The place of {@code general.file_type}, which the converter sets among the hyperparameters. */
    static Hyperparameter fileType() {
        return (config, out) -> out.setFileType();
    }

    /** Several, one after another. */
    static Hyperparameter all(List<Hyperparameter> parts) {
        return (config, out) -> parts.forEach(part -> part.write(config, out));
    }
}
