package io.nightshift.jobs.output;

/** A part is exactly as long as the plan says: the next part begins where it ends. */
final class PartLength {
    private PartLength() {}

    static void requireRoom(Part part, long written, int more) {
        if (more > part.length() - written) {
            throw new IllegalStateException(part + ": " + more + " bytes more after " + written + " are too many");
        }
    }

    static void requireFull(Part part, long written) {
        if (written != part.length()) {
            throw new IllegalStateException(part + ": only " + written + " bytes were written");
        }
    }
}
