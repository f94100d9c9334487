package io.nightshift.kernels.encoding;

/** A row has weights that a format cannot hold. */
public final class UnstorableRowException extends IllegalArgumentException {
    private static final long serialVersionUID = 1;

    private final int row;

    /**
     * A row that cannot be stored.
     *
     * @param row its number among those that were given
     * @param why what is wrong with it, without its number
     */
    public UnstorableRowException(int row, String why) {
        super("row " + row + ": " + why);
        this.row = row;
    }

    /** The row's number among those that were given. */
    public int row() {
        return row;
    }

    /** What is wrong, without the row's number. */
    public String why() {
        return getMessage().substring(getMessage().indexOf(": ") + 2);
    }
}
