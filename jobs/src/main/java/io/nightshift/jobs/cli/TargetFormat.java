package io.nightshift.jobs.cli;

import io.nightshift.jobs.quantize.QuantizeResult;
import io.nightshift.jobs.quantize.Target;
import io.nightshift.jobs.storage.HadoopSettings;
import java.io.IOException;
import java.util.Optional;

/**
 * A format that {@code quantize} can make, with its options: a mixin of the command, whose fields carry picocli's {@code
 * Option}. Found as a service ({@link java.util.ServiceLoader}), one instance a command line.
 */
public interface TargetFormat {
    /** What stands before the colon of {@code --to}. */
    String name();

    /** How it is asked for, such as {@code gguf:TYPE}. */
    String usage();

    /**
     * A target, with the options that were given.
     *
     * @param variant what stands behind the colon, if there is one
     * @throws io.nightshift.formats.InvalidModelException if the variant or an option is unknown, out of range, or without
     *     effect on it; the message names it
     */
    Target target(Optional<String> variant, SharedOptions shared);

    /** The first of its options that was given: they have no effect unless one of its targets is asked for. */
    Optional<String> given();

    /**
     * Called when all its targets of the command are made.
     *
     * @throws io.nightshift.formats.InvalidModelException if an option that was given has no effect on any of them
     */
    default void refuseWithoutEffect() {}

    /**
     * Finds out before the work whether what is written besides outputs can be written.
     *
     * @throws IOException if not
     */
    default void prepare(HadoopSettings settings) throws IOException {}

    /**
     * Writes what is asked for besides outputs.
     *
     * @param result of the command, all of whose outputs are complete
     * @throws IOException if it cannot be written
     */
    default void finished(QuantizeResult result, HadoopSettings settings) throws IOException {}

    /** Whether its targets hold the tokenizer, so that {@code --pre-tokenizer} has an effect on them. */
    default boolean tokenizes() {
        return false;
    }
}
