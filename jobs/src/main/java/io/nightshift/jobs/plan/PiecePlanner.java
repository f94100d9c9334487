package io.nightshift.jobs.plan;

import io.nightshift.formats.architecture.TensorRecipe;
import io.nightshift.jobs.output.OutputFile;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Cuts the rows of a model into pieces. A piece is cut as soon as its part of the largest target has the part size, but
 * not before its part of the smallest one is as long as an object store demands.
 */
public final class PiecePlanner {
    /** Where the cluster is large enough, each core gets so many pieces at least, to even out their durations. */
    private static final int PIECES_PER_CORE = 4;

    private final List<TensorRecipe> tensors;
    private final List<GgufTarget> targets;

    /** A planner for targets that share their tensors and their order. */
    public PiecePlanner(List<TensorRecipe> tensors, List<GgufTarget> targets) {
        this.tensors = tensors;
        this.targets = targets;
    }

    /**
     * The pieces, which cover every row once.
     *
     * @param partSize most bytes of a part in the largest target, about; at least {@link OutputFile#MIN_PART_LENGTH}
     * @param cores cores of the cluster: parts are smaller where some would stay idle
     */
    public List<Piece> plan(long partSize, int cores) {
        long largest = targets.stream().mapToLong(target -> target.layout().length()).max().orElseThrow();
        long fair = largest / ((long) PIECES_PER_CORE * cores);
        long limit = Math.max(OutputFile.MIN_PART_LENGTH, Math.min(partSize, fair));
        // Every piece but the last reaches the limit, so this many suffice.
        limit = Math.max(limit, largest / (OutputFile.MAX_PARTS - 1) + 1);

        List<Piece> pieces = new ArrayList<>();
        List<RowSpan> spans = new ArrayList<>();
        long[] bytes = headerBytes();
        for (int tensor = 0; tensor < tensors.size(); tensor++) {
            long rows = tensors.get(tensor).rows();
            long row = 0;
            while (row < rows) {
                if (isFull(bytes, limit)) {
                    pieces.add(new Piece(pieces.size(), List.copyOf(spans)));
                    spans.clear();
                    Arrays.fill(bytes, 0);
                }
                long count = Math.min(rows - row, rowsUntilFull(tensor, bytes, limit));
                spans.add(new RowSpan(tensor, row, count));
                row += count;
                for (int i = 0; i < bytes.length; i++) {
                    bytes[i] += count * targets.get(i).rowBytes(tensor);
                }
            }
        }
        pieces.add(new Piece(pieces.size(), List.copyOf(spans)));
        return pieces;
    }

    private long[] headerBytes() {
        return targets.stream().mapToLong(target -> target.layout().dataOffset()).toArray();
    }

    private static boolean isFull(long[] bytes, long limit) {
        return Arrays.stream(bytes).max().orElseThrow() >= limit
                && Arrays.stream(bytes).min().orElseThrow() >= OutputFile.MIN_PART_LENGTH;
    }

    private long rowsUntilFull(int tensor, long[] bytes, long limit) {
        long forLimit = Long.MAX_VALUE;
        long forMinimum = 1;
        for (int i = 0; i < bytes.length; i++) {
            long rowBytes = targets.get(i).rowBytes(tensor);
            forLimit = Math.min(forLimit, ceilDiv(limit - bytes[i], rowBytes));
            forMinimum = Math.max(forMinimum, ceilDiv(OutputFile.MIN_PART_LENGTH - bytes[i], rowBytes));
        }
        return Math.max(forLimit, forMinimum);
    }

    private static long ceilDiv(long bytes, long rowBytes) {
        return -Math.floorDiv(-bytes, rowBytes);
    }
}
