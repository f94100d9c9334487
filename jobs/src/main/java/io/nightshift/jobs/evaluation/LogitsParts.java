package io.nightshift.jobs.evaluation;

import io.nightshift.formats.logits.BaseLogits;
import io.nightshift.jobs.forward.SequenceGroup;
import io.nightshift.jobs.output.OutputFile;
import io.nightshift.jobs.output.Part;
import java.util.ArrayList;
import java.util.List;

/** Cuts a base-logits file into parts of whole rows, each of one group. */
final class LogitsParts {
    /** Bytes of a part, about: a task keeps one of them, where the file goes to an object store. */
    static final long PART_LENGTH = 32 << 20;

    /** Half of the parts that a file may have: the other half is for what groups leave over. */
    private static final int MOST = OutputFile.MAX_PARTS / 2;

    private LogitsParts() {}

    /**
     * Into how many groups sequences are to be cut, so that what each writes is as long as an object store demands.
     *
     * @param wanted groups that there would be otherwise; there are as many or fewer
     */
    static int groups(BaseLogits file, int wanted) {
        long chunk = (long) BaseLogits.scored(file.context()) * file.rowBytes();
        long chunksOfGroup = ceilDiv(OutputFile.MIN_PART_LENGTH, chunk);
        return (int) Math.max(1, Math.min(Math.min(wanted, MOST), file.chunks() / chunksOfGroup));
    }

    /** The parts of each group; what stands before the first row belongs to the first. */
    static List<List<Part>> plan(BaseLogits file, SequenceGroup[] groups) {
        long least = Math.max(PART_LENGTH, ceilDiv(file.length(), MOST));
        List<List<Part>> parts = new ArrayList<>();
        int index = 0;
        long position = 0;
        long firstRow = 0;
        for (SequenceGroup group : groups) {
            long rows = (long) group.sequences().size() * BaseLogits.scored(file.context());
            long count = Math.max(1, rows * file.rowBytes() / least);
            List<Part> ofGroup = new ArrayList<>();
            for (long i = 1; i <= count; i++) {
                long end = file.position(firstRow + i * rows / count);
                ofGroup.add(new Part(index++, position, end - position));
                position = end;
            }
            parts.add(List.copyOf(ofGroup));
            firstRow += rows;
        }
        return parts;
    }

    private static long ceilDiv(long bytes, long unit) {
        return -Math.floorDiv(-bytes, unit);
    }
}
