package io.nightshift.jobs.output;

import java.io.IOException;
import java.io.Serializable;
import java.util.List;

/**
 * A part of an upload that no task has had the whole of: what they wrote of it is joined in a task of its own. Memory: the
 * part, 5 MiB or a ten-thousandth of the file.
 *
 * @param upload where it goes
 * @param grid the file's parts
 * @param index of this one
 * @param pieces names of {@link SeamFiles} with its bytes, in order
 */
public record Seam(PartUpload upload, PartGrid grid, int index, List<String> pieces) implements Serializable {
    /**
     * Joins it, within a task.
     *
     * @throws IOException if a piece cannot be read or the store does not take the part: another attempt may succeed
     */
    public SeamReceipt join() throws IOException {
        BlockBuffer bytes = new BlockBuffer();
        for (String piece : pieces) {
            new SeamFiles(upload).read(piece, bytes);
        }
        PartLength.requireFull(new Part(index, grid.start(index), grid.end(index) - grid.start(index)), bytes.length());
        return new SeamReceipt(index, upload.put(index + 1, index == grid.parts() - 1, bytes));
    }
}
