package io.nightshift.jobs.quantize;

import io.nightshift.formats.layout.Item;
import io.nightshift.formats.layout.LaidOutFile;
import io.nightshift.jobs.output.OutputFile;
import io.nightshift.jobs.output.Part;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntPredicate;

/**
 * Cuts files that have the same items into pieces: between items, and between the units of an item. A piece is cut as soon
 * as its part of the largest file has the part size, but not before its part of the smallest one is as long as an object
 * store demands.
 */
final class PartPlanner {
    /** Where the cluster is large enough, each core gets so many pieces at least, to even out their durations. */
    private static final int PIECES_PER_CORE = 4;

    private final List<LaidOutFile> files;
    private final IntPredicate whole;
    private final long limit;
    private final long[] starts;
    private final long[] lengths;
    private final List<Stretch> stretches = new ArrayList<>();
    private final List<Piece> pieces = new ArrayList<>();

    private PartPlanner(List<LaidOutFile> files, IntPredicate whole, long limit) {
        this.files = files;
        this.whole = whole;
        this.limit = limit;
        this.starts = new long[files.size()];
        this.lengths = files.stream().mapToLong(file -> file.header().length).toArray();
    }

    /**
     * The pieces, which cover every byte of every file once. The header belongs to the first.
     *
     * @param files with items of the same units each
     * @param whole which items must not be cut, by their index
     * @param partSize most bytes of a part of the largest file, about
     * @param share bytes of all that the cluster works on: parts are smaller where some cores would stay idle
     * @param cores cores of the cluster
     */
    static List<Piece> plan(List<LaidOutFile> files, IntPredicate whole, long partSize, long share, int cores) {
        long largest = files.stream().mapToLong(LaidOutFile::length).max().orElseThrow();
        long limit = Math.max(
                OutputFile.MIN_PART_LENGTH, Math.min(partSize, share / ((long) PIECES_PER_CORE * cores)));
        // Every piece but the last reaches the limit, so this many suffice.
        limit = Math.max(limit, largest / (OutputFile.MAX_PARTS - 1) + 1);
        return new PartPlanner(files, whole, limit).plan();
    }

    private List<Piece> plan() {
        for (int index = 0; index < files.get(0).items().size(); index++) {
            long units = files.get(0).items().get(index).units();
            for (long from = 0; from < units; ) {
                // What has no bytes makes no part of its own.
                if (isFull() && files.get(0).items().get(index).length() > 0) {
                    cut();
                }
                long count = whole.test(index) ? units : Math.min(units - from, unitsUntilFull(index));
                add(index, from, from + count, from + count == units);
                from += count;
            }
        }
        cut();
        return pieces;
    }

    private void add(int index, long from, long to, boolean ends) {
        stretches.add(new Stretch(index, from, to));
        for (int i = 0; i < lengths.length; i++) {
            Item item = files.get(i).items().get(index);
            lengths[i] += (to - from) * item.unitBytes() + (ends ? item.padding() : 0);
        }
    }

    private void cut() {
        List<Part> parts = new ArrayList<>();
        for (int i = 0; i < lengths.length; i++) {
            parts.add(new Part(pieces.size(), starts[i], lengths[i]));
            starts[i] += lengths[i];
        }
        pieces.add(new Piece(List.copyOf(stretches), parts));
        stretches.clear();
        Arrays.fill(lengths, 0);
    }

    private boolean isFull() {
        return Arrays.stream(lengths).max().orElseThrow() >= limit
                && Arrays.stream(lengths).min().orElseThrow() >= OutputFile.MIN_PART_LENGTH;
    }

    private long unitsUntilFull(int index) {
        long forLimit = Long.MAX_VALUE;
        long forMinimum = 1;
        for (int i = 0; i < lengths.length; i++) {
            long unit = Math.max(1, files.get(i).items().get(index).unitBytes());
            forLimit = Math.min(forLimit, ceilDiv(limit - lengths[i], unit));
            forMinimum = Math.max(forMinimum, ceilDiv(OutputFile.MIN_PART_LENGTH - lengths[i], unit));
        }
        return Math.max(forLimit, forMinimum);
    }

    private static long ceilDiv(long bytes, long unit) {
        return -Math.floorDiv(-bytes, unit);
    }
}
