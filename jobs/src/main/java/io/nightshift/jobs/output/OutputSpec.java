package io.nightshift.jobs.output;

/**
 * An output file before it is made.
 *
 * @param name its path within the output folder, with {@code /} between folders
 * @param length in bytes, at least 1
 * @param plan digest of everything that the bytes follow from; a file that was committed for the same plan need not be
 *     made again
 * @param head the first bytes of the file, compared after the commit; may be empty
 */
public record OutputSpec(String name, long length, String plan, byte[] head) {
    public OutputSpec {
        if (length < 1 || head.length > length) {
            throw new IllegalArgumentException(name + ": " + length + " bytes, " + head.length + " of them the head");
        }
    }
}
