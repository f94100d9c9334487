package io.nightshift.kernels.encoding;

/**
 * Rows of integers in groups.
 *
 * @param groupSize weights of a row that share a scale
 * @param levels the stored integers, row-major: 0 to 15 with 4 bits where there are zero points, -8 to 7 where there are none
 * @param zeroPoints one a group, row-major; empty in a symmetric encoding
 * @param scales one a group, row-major, as a reader will see them
 * @param offsets what is added to a level times its scale, one a group
 * @param clippedGroups groups whose weights were clipped
 */
public record IntegerRows(int rows, int columns, int groupSize, byte[] levels, byte[] zeroPoints, float[] scales,
        float[] offsets, long clippedGroups) implements EncodedRows {
    @Override
    public long groups() {
        return scales.length;
    }
}
