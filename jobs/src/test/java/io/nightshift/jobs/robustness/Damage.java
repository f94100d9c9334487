package io.nightshift.jobs.robustness;

import java.util.Random;

/**
 * A damaged file.
 *
 * @param kind how it was damaged; accepted inputs are counted by it
 * @param detail what exactly, for the report of a failure
 * @param content the file
 * @param fatal whether what is left can be no input: a value missing, out of range or contradictory, or a file that is
 *     shorter than it says
 */
record Damage(String kind, String detail, byte[] content, boolean fatal) {
    /** Damages files of one format. */
    interface Damager {
        /**
         * Damages a file.
         *
         * @param content as it was; not changed
         * @param random decides what is done
         * @param number of the input, so that each kind of damage has its turn
         */
        Damage damage(byte[] content, Random random, int number);
    }
}
