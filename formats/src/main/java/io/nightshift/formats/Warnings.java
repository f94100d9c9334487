package io.nightshift.formats;

import java.util.function.Consumer;

/**
 * Receives warnings: what was ignored or guessed, and why. Those after which the output is another model than the
 * checkpoint are told apart, so that a user can have them refused.
 */
@FunctionalInterface
public interface Warnings extends Consumer<String> {
    /** Receives a warning that the output differs from what the checkpoint says. */
    default void differs(String warning) {
        accept(warning);
    }

    /**
     * Warnings of which those that the output differs are refusals.
     *
     * @param option that asked for it, for the message
     * @param others receives the others
     */
    static Warnings refusing(String option, Consumer<String> others) {
        return new Warnings() {
            @Override
            public void accept(String warning) {
                others.accept(warning);
            }

            @Override
            public void differs(String warning) {
                throw new InvalidModelException(option + ": " + warning);
            }
        };
    }

    /**
     * Warnings for those who run a model and write no output: that an output would differ does not concern them.
     *
     * @param others receives the others
     */
    static Warnings withoutDifferences(Consumer<String> others) {
        return new Warnings() {
            @Override
            public void accept(String warning) {
                others.accept(warning);
            }

            @Override
            public void differs(String warning) {
                // No output is made here.
            }
        };
    }
}
