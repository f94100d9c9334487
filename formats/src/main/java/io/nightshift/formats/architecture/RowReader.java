package io.nightshift.formats.architecture;

import io.nightshift.formats.storage.ModelFolder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Reads an output tensor's rows, in output order: the one place where a checkpoint's bytes become rows. Each needed byte
 * of stored rows is read once, in as few ranges as there are; besides the caller's block only the numbers of reordered
 * rows and one row are held. Of tensors that are transposed, or hold several outputs' rows in turn, what is between is
 * read too, and held as {@link PartReader} says. Not safe for use by several threads.
 */
public final class RowReader {
    private final ModelFolder folder;
    private final PartReader others;
    private long bytesRead;

    public RowReader(ModelFolder folder) {
        this.folder = folder;
        this.others = new PartReader(folder);
    }

    /** Bytes read so far. */
    public long bytesRead() {
        return bytesRead + others.bytesRead();
    }

    /**
     * Bytes that rows take as they are read.
     *
     * @param content of the recipe
     * @param rows number of rows of the output tensor
     */
    public static long bytes(TensorRecipe recipe, TensorRecipe.Stored content, long rows) {
        return Math.multiplyExact(rows, content.type().rowBytes(recipe.columns()));
    }

    /**
     * Reads rows [from, to) as {@link SourceRows} tells, in {@link SourceRows#type}, not shifted.
     *
     * @param into receives {@link #bytes} from its start
     * @throws IllegalArgumentException if the rows are not within the tensor or do not fit the array
     * @throws IOException if reading fails
     */
    public void read(TensorRecipe recipe, TensorRecipe.Stored content, long from, long to, byte[] into)
            throws IOException {
        if (from < 0 || from > to || to > recipe.rows() || bytes(recipe, content, to - from) > into.length) {
            throw new IllegalArgumentException(recipe.name() + ": rows " + from + " to " + to + " of " + recipe.rows()
                    + " do not fit " + into.length + " bytes");
        }
        long first = from * recipe.columns();
        long last = to * recipe.columns();
        List<Run> runs = new ArrayList<>();
        List<Reordering> reorderings = new ArrayList<>();
        long start = 0;
        int filled = 0;
        for (SourceRows part : content.parts()) {
            long columns = part.length();
            long end = start + part.rows() * columns;
            if (start < last && end > first) {
                Slice slice = new Slice(part, (Math.max(first, start) - start) / columns,
                        (Math.min(last, end) - start) / columns, filled);
                if (part.type() != content.type()) {
                    filled += widen(slice, into);
                } else {
                    if (part.isStored()) {
                        slice.plan(runs, reorderings);
                    } else {
                        others.read(part, slice.from, slice.to, into, filled);
                    }
                    filled += slice.bytes();
                }
            }
            start = end;
        }
        for (Run run : runs) {
            folder.readFully(run.file, run.position, into, run.offset, run.length);
            bytesRead += run.length;
        }
        reorderings.forEach(reordering -> reordering.apply(into));
    }

    /** Reads rows of another type than the others' as F32. */
    private int widen(Slice slice, byte[] into) throws IOException {
        byte[] own = new byte[slice.bytes()];
        others.read(slice.part, slice.from, slice.to, own, 0);
        float[] weights = new float[Math.toIntExact((slice.to - slice.from) * slice.part.length())];
        SourceFloats.read(slice.part.type(), own, 0, weights, 0, weights.length);
        ByteBuffer.wrap(into, slice.offset, weights.length * Float.BYTES).slice()
                .order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().put(weights);
        return weights.length * Float.BYTES;
    }

    /** A contiguous range of a file and where it goes. */
    private record Run(String file, long position, int offset, int length) {
        /** Appends a range, joined to the last one where both continue it. */
        void addTo(List<Run> runs) {
            if (!runs.isEmpty()) {
                Run previous = runs.get(runs.size() - 1);
                if (previous.file.equals(file) && previous.position + previous.length == position
                        && previous.offset + previous.length == offset) {
                    runs.set(runs.size() - 1,
                            new Run(file, previous.position, previous.offset, previous.length + length));
                    return;
                }
            }
            runs.add(this);
        }
    }

    /** Output rows [from, to) of one part, whose bytes begin at an offset of the block. */
    private record Slice(SourceRows part, long from, long to, int offset) {
        int rowBytes() {
            return Math.toIntExact(part.rowBytes());
        }

        int bytes() {
            return Math.toIntExact((to - from) * rowBytes());
        }

        void plan(List<Run> runs, List<Reordering> reorderings) {
            if (part.order() instanceof RowOrder.AsIs) {
                run(from, offset, bytes()).addTo(runs);
                return;
            }
            // The rows are read in the order in which they lie, so that whole heads are one range, and then moved.
            int count = (int) (to - from);
            long[] sources = new long[count];
            long first = Long.MAX_VALUE;
            long last = Long.MIN_VALUE;
            for (int i = 0; i < count; i++) {
                sources[i] = part.order().sourceRow(from + i);
                first = Math.min(first, sources[i]);
                last = Math.max(last, sources[i]);
            }
            int[] origin = new int[count];
            if (last - first + 1 == count) {
                run(first, offset, bytes()).addTo(runs);
                for (int i = 0; i < count; i++) {
                    origin[i] = (int) (sources[i] - first);
                }
            } else {
                long[] sorted = sources.clone();
                Arrays.sort(sorted);
                for (int i = 0; i < count; i++) {
                    run(sorted[i], offset + i * rowBytes(), rowBytes()).addTo(runs);
                    origin[i] = Arrays.binarySearch(sorted, sources[i]);
                }
            }
            reorderings.add(new Reordering(origin, offset, rowBytes()));
        }

        private Run run(long sourceRow, int at, int length) {
            long position = part.tensor().position() + (part.firstRow() + sourceRow) * rowBytes();
            return new Run(part.tensor().file(), position, at, length);
        }
    }

    /** Moves rows within a block, in place: row i becomes what stood at origin[i]. */
    private record Reordering(int[] origin, int offset, int rowBytes) {
        void apply(byte[] block) {
            byte[] saved = new byte[rowBytes];
            for (int start = 0; start < origin.length; start++) {
                if (origin[start] < 0 || origin[start] == start) {
                    continue;
                }
                System.arraycopy(block, at(start), saved, 0, rowBytes);
                int row = start;
                while (origin[row] != start) {
                    System.arraycopy(block, at(origin[row]), block, at(row), rowBytes);
                    int next = origin[row];
                    origin[row] = -1;
                    row = next;
                }
                System.arraycopy(saved, 0, block, at(row), rowBytes);
                origin[row] = -1;
            }
        }

        private int at(int row) {
            return offset + row * rowBytes;
        }
    }
}
