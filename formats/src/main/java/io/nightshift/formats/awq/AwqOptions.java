package io.nightshift.formats.awq;

import java.io.Serializable;
import java.util.List;

/**
 * What the user chose of an AWQ output.
 *
 * @param format layout of the folder
 * @param groupSize inputs that share a scale: 32, 64, 128, or {@link #WHOLE_ROWS}
 * @param symmetric whether integers lie around a fixed zero point of 8, as in -8 to 7, instead of one a group
 * @param leftOut modules that stay as they are: whole names, or parts between dots that stand in many names
 *     ({@code down_proj}, {@code layers.0})
 */
public record AwqOptions(AwqFormat format, int groupSize, boolean symmetric, List<String> leftOut)
        implements Serializable {
    /** The group size that makes one group of each row, as loaders write it. */
    public static final int WHOLE_ROWS = -1;

    /** Zero point of symmetric integers. */
    public static final int SYMMETRIC_ZERO = 8;

    /** The option that leaves modules out, for messages. */
    public static final String LEAVE_OUT_OPTION = "--modules-left-out";

    private static final List<Integer> GROUP_SIZES = List.of(32, 64, 128, WHOLE_ROWS);

    /** @throws IllegalArgumentException if the group size is none that loaders have kernels for */
    public AwqOptions {
        if (!GROUP_SIZES.contains(groupSize)) {
            throw new IllegalArgumentException(
                    "groups of " + groupSize + " weights: give 32, 64, 128, or -1 for whole rows");
        }
        leftOut = List.copyOf(leftOut);
    }

    /** Inputs a group in a layer of so many inputs. */
    public int groupSizeOf(long inputs) {
        return groupSize == WHOLE_ROWS ? Math.toIntExact(inputs) : groupSize;
    }
}
