package io.nightshift.kernels.encoding;

/**
 * Integers in groups with a scale each, as AWQ and compressed-tensors have them.
 *
 * @param groups bits, group size, zero points and scales
 * @param clipped whether groups may be clipped, where statistics of the inputs say that it pays ({@link ClipSearch})
 */
public record IntegerEncoding(IntegerGroups groups, boolean clipped) implements RowEncoding {
    @Override
    public String name() {
        return "int" + groups.bits() + " g" + groups.groupSize();
    }

    @Override
    public int groupSize() {
        return groups.groupSize();
    }

    @Override
    public boolean takesFeedback() {
        return true;
    }

    @Override
    public boolean searchesGroups() {
        return clipped;
    }

    /** Scales, and zero points where there are some, count as many bits as they are stored in. */
    @Override
    public long bits(long rows, long columns) {
        long perGroup = groups.scaleType().bits() + (groups.symmetric() ? 0 : groups.bits());
        return rows * (columns * groups.bits() + columns / groups.groupSize() * perGroup);
    }

    @Override
    public RowCoder coder() {
        return new IntegerCoder(groups, clipped);
    }
}
