package io.nightshift.jobs.cli;

import io.nightshift.jobs.rounding.RoundingOptions;
import java.util.Optional;
import java.util.OptionalLong;

/** The options of {@code quantize} that several formats have a use for. */
public interface SharedOptions {
    /**
     * How linear layers are scaled and rounded.
     *
     * @param otherwise what the format does where the user says nothing; its damping is that of error feedback
     * @throws io.nightshift.formats.InvalidModelException if an option is unknown or out of range
     */
    RoundingOptions rounding(RoundingOptions otherwise);

    /** The option that statistics of linear layers' inputs come from, if there are any. */
    Optional<String> statistics();

    /** Most bytes of a safetensors file, about, if the user gives a number. */
    OptionalLong maxShardSize();
}
