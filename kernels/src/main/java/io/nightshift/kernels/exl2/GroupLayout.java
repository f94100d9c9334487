package io.nightshift.kernels.exl2;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * The groups of a linear layer: runs of input channels in activation order, most active first, each with bits of its own.
 *
 * @param channels input channels, a multiple of {@value #WORD_VALUES}
 * @param groups in activation order, without gaps
 */
public record GroupLayout(int channels, List<Group> groups) implements Serializable {
    /** Channels whose values fill whole words at every number of bits. */
    public static final int WORD_VALUES = 32;

    private static final Set<Integer> BITS = Set.of(2, 3, 4, 5, 6, 8);

    /**
     * A group.
     *
     * @param bits bits a value: 2, 3, 4, 5, 6 or 8
     * @param first place of its first channel in activation order
     * @param end place behind its last channel
     * @param packedRow its first row of words
     */
    public record Group(int bits, int first, int end, int packedRow) implements Serializable {
        /** Number of channels. */
        public int size() {
            return end - first;
        }

        /** Half of its values: the stored value that stands for zero. */
        public int zero() {
            return 1 << bits - 1;
        }

        /** The largest stored value. */
        public int largest() {
            return (1 << bits) - 1;
        }
    }

    /**
     * Lays groups out.
     *
     * @param bits bits of each group
     * @param sizes channels of each group, multiples of {@value #WORD_VALUES}; the last group takes what is left
     * @throws IllegalArgumentException if channels or sizes are no such multiples, the groups do not cover the channels or
     *     go beyond them by a whole group, bits are others than the format has, or the layer is too large for it
     */
    public static GroupLayout of(int channels, int[] bits, int[] sizes) {
        if (channels < WORD_VALUES || channels % WORD_VALUES != 0 || channels > 1 << 16) {
            throw new IllegalArgumentException(channels + " input channels: EXL2 wants a multiple of " + WORD_VALUES
                    + ", at most " + (1 << 16));
        }
        List<Group> groups = new ArrayList<>();
        int first = 0;
        int row = 0;
        for (int i = 0; i < bits.length; i++) {
            if (!BITS.contains(bits[i]) || sizes[i] < WORD_VALUES || sizes[i] % WORD_VALUES != 0 || first >= channels) {
                throw new IllegalArgumentException("group " + i + " of " + sizes[i] + " channels with " + bits[i]
                        + " bits does not fit a layer of " + channels + " channels");
            }
            int end = Math.min(channels, first + sizes[i]);
            groups.add(new Group(bits[i], first, end, row));
            row += (end - first) / WORD_VALUES * bits[i];
            first = end;
        }
        if (first < channels) {
            throw new IllegalArgumentException("groups cover " + first + " of " + channels + " channels");
        }
        return new GroupLayout(channels, List.copyOf(groups));
    }

    /** Rows of words of the whole layer. */
    public int packedRows() {
        Group last = groups.get(groups.size() - 1);
        return last.packedRow() + last.size() / WORD_VALUES * last.bits();
    }

    /** {@code q_groups}: bits and first row of words of each group. */
    public short[] table() {
        short[] table = new short[2 * groups.size()];
        for (int i = 0; i < groups.size(); i++) {
            table[2 * i] = (short) groups.get(i).bits();
            table[2 * i + 1] = (short) groups.get(i).packedRow();
        }
        return table;
    }

    /**
     * Reads a table.
     *
     * @param table bits and first row of words of each group, unsigned
     * @param packedRows rows of words of the layer
     * @throws IllegalArgumentException if it fits no layer of that many channels and rows
     */
    public static GroupLayout ofTable(int channels, short[] table, int packedRows) {
        int count = table.length / 2;
        int[] bits = new int[count];
        int[] sizes = new int[count];
        for (int i = 0; i < count; i++) {
            bits[i] = Short.toUnsignedInt(table[2 * i]);
            int row = Short.toUnsignedInt(table[2 * i + 1]);
            int next = i + 1 < count ? Short.toUnsignedInt(table[2 * i + 3]) : packedRows;
            if (bits[i] == 0 || (next - row) % bits[i] != 0) {
                throw new IllegalArgumentException("group " + i + " has " + bits[i] + " bits and " + (next - row)
                        + " rows of words: these are no whole values of " + WORD_VALUES + " channels");
            }
            sizes[i] = (next - row) / bits[i] * WORD_VALUES;
        }
        GroupLayout layout = of(channels, bits, sizes);
        for (int i = 0; i < count; i++) {
            if (layout.groups.get(i).packedRow() != Short.toUnsignedInt(table[2 * i + 1])) {
                throw new IllegalArgumentException("group " + i + " begins at row " + table[2 * i + 1] + " instead of "
                        + layout.groups.get(i).packedRow());
            }
        }
        if (layout.packedRows() != packedRows) {
            throw new IllegalArgumentException(
                    "groups take " + layout.packedRows() + " rows of words, but there are " + packedRows);
        }
        return layout;
    }
}
