package io.nightshift.formats.architecture;

/** Which source tensor a row of an output tensor comes from, and where the next one, or the next expert, begins. */
public record TensorParts(TensorRecipe tensor, TensorRecipe.Stored stored) {
    /** The source of a row. */
    public SourceRows at(long row) {
        return stored.parts().get(index(row));
    }

    /** The first row after this one that has another source or belongs to another expert. */
    public long end(long row) {
        int last = index(row);
        long end = 0;
        for (int i = 0; i <= last; i++) {
            end += rows(stored.parts().get(i));
        }
        return Math.min(end, (row / tensor.rowsPerExpert() + 1) * tensor.rowsPerExpert());
    }

    private int index(long row) {
        long end = 0;
        for (int i = 0; i < stored.parts().size(); i++) {
            end += rows(stored.parts().get(i));
            if (row < end) {
                return i;
            }
        }
        throw new IllegalArgumentException(tensor.name() + " has no row " + row);
    }

    // A part's own rows may be shorter than the tensor's: a bias is reordered as rows of one weight.
    private long rows(SourceRows part) {
        return part.rows() * part.length() / tensor.columns();
    }
}
