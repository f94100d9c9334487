package io.nightshift.formats.architecture;

import java.io.Serializable;
import java.util.List;

/** Which source row stands at each output row. */
public sealed interface RowOrder extends Serializable {
    /** The source row of an output row. */
    long sourceRow(long outputRow);

    /** Whether so many output rows are the same number of source rows, each once: none is between them. */
    default boolean permutes(long rows) {
        return true;
    }

    /** Rows as they are. */
    RowOrder AS_IS = new AsIs();

    /** Rows as they are. */
    record AsIs() implements RowOrder {
        @Override
        public long sourceRow(long outputRow) {
            return outputRow;
        }
    }

    /**
     * The two halves of each head interleaved, as llama.cpp's RoPE wants q and k of the Llama family
     * (conversion/llama.py, permute).
     *
     * @param headRows rows a head, even
     */
    record InterleavedHalves(int headRows) implements RowOrder {
        @Override
        public long sourceRow(long outputRow) {
            long head = outputRow / headRows;
            int row = (int) (outputRow % headRows);
            return head * headRows + (row & 1) * (headRows / 2) + row / 2;
        }
    }

    /**
     * Rows of a grid whose axes are exchanged or of which some are taken: the digits of the output row, the last one
     * fastest, each times a stride.
     *
     * @param first source row of output row 0
     * @param sizes of the axes of the output; the first is not looked at
     * @param strides how many source rows a step along each axis is
     */
    record Strided(long first, List<Long> sizes, List<Long> strides) implements RowOrder {
        @Override
        public long sourceRow(long outputRow) {
            long source = first;
            long rest = outputRow;
            for (int axis = sizes.size() - 1; axis > 0; axis--) {
                source += rest % sizes.get(axis) * strides.get(axis);
                rest /= sizes.get(axis);
            }
            return source + rest * strides.get(0);
        }

        @Override
        public boolean permutes(long rows) {
            // The last row of a grid whose axes are exchanged stays the last one.
            return first == 0 && sourceRow(rows - 1) == rows - 1;
        }
    }

    /**
     * Some rows of each group: those of the first run in all groups, then those of the second, and so on. Others are between
     * them.
     *
     * @param groups how many there are
     * @param groupRows rows of a group
     * @param runs none of which is empty
     */
    record Grouped(long groups, long groupRows, List<Run> runs) implements RowOrder {
        /** Consecutive rows of a group. */
        public record Run(long first, long rows) implements Serializable {}

        @Override
        public long sourceRow(long outputRow) {
            long rest = outputRow;
            for (Run run : runs) {
                if (rest < groups * run.rows()) {
                    return rest / run.rows() * groupRows + run.first() + rest % run.rows();
                }
                rest -= groups * run.rows();
            }
            throw new IllegalArgumentException("there is no row " + outputRow);
        }

        @Override
        public boolean permutes(long rows) {
            return false;
        }
    }

    /** Every so many rows, from the first on. */
    static RowOrder every(long stride, long first) {
        return new Strided(first, List.of(1L), List.of(stride));
    }

    /** Consecutive rows from a first one on. */
    static RowOrder from(long first) {
        return every(1, first);
    }

    /** Some rows of each group, those from a first one on. */
    static RowOrder ofGroups(long groupRows, long first, long count) {
        return new Strided(first, List.of(1L, count), List.of(groupRows, 1L));
    }

    /** Blocks that lie group by group, all the first ones first: [group][member][row] becomes [member][group][row]. */
    static RowOrder tiled(long groups, long members, long rows) {
        return new Strided(0, List.of(members, groups, rows), List.of(rows, members * rows, 1L));
    }
}
