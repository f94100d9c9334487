package io.nightshift.jobs.rounding;

import io.nightshift.jobs.tasks.RunCache;
import io.nightshift.kernels.linear.GramLoss;
import io.nightshift.kernels.linear.GramMatrix;
import io.nightshift.kernels.parallel.Workers;
import io.nightshift.kernels.rounding.FeedbackFactor;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * What the tasks of one run share in a process of inputs' statistics: for each input 4 * channels² bytes, half of it the
 * factor (where rounding gives feedback), half the matrix that losses are measured with. Inputs that a task works with are
 * held, and the {@value #KEPT} that were used last; what is dropped is read again when it is needed. Tasks in the order
 * of their inputs need few at once.
 */
public final class InputMatrices {
    private static final int KEPT = 2;

    private static final RunCache<InputMatrices> OF_RUNS = new RunCache<>(InputMatrices::new);

    /** Those in the order of their last use. */
    private final List<Entry> entries = new ArrayList<>();

    private InputMatrices() {}

    /** The one that the tasks of a run share. */
    public static InputMatrices of(Factors factors) {
        return OF_RUNS.of(factors.run());
    }

    /**
     * The matrices of an input.
     *
     * @param factor how its scaled columns give feedback; null where rounding is to nearest
     * @param loss the loss of a change to unscaled weights
     * @param squares H of the scaled input with nothing but the blocks around its diagonal: enough for squares of
     *     groups that divide a block
     * @param diagonal of H of the scaled input
     */
    public record Matrices(FeedbackFactor factor, GramLoss loss, GramMatrix squares, float[] diagonal) {}

    private static final class Entry {
        private final String name;
        private Matrices matrices;
        private int users;

        Entry(String name) {
            this.name = name;
        }
    }

    /** What is done with matrices. */
    public interface Action<T> {
        /** @throws IOException if reading or writing failed */
        T apply(Matrices matrices) throws IOException;
    }

    /**
     * Does something with the matrices of an input, which are read or made first if no other task did.
     *
     * @throws IOException if they cannot be read, or the action throws it
     */
    public <T> T with(Factors factors, ScaledInput input, Workers workers, Action<T> action) throws IOException {
        Entry entry = take(input.name());
        try {
            Matrices matrices;
            synchronized (entry) {
                if (entry.matrices == null) {
                    entry.matrices = load(factors, input, workers);
                }
                matrices = entry.matrices;
            }
            return action.apply(matrices);
        } finally {
            giveBack(entry);
        }
    }

    private synchronized Entry take(String name) {
        Entry entry = entries.stream()
                .filter(held -> held.name.equals(name))
                .findFirst()
                .orElseGet(() -> new Entry(name));
        entries.remove(entry);
        entries.add(entry);
        entry.users++;
        return entry;
    }

    private synchronized void giveBack(Entry entry) {
        entry.users--;
        for (int i = entries.size() - 1 - KEPT; i >= 0; i--) {
            if (entries.get(i).users == 0) {
                entries.remove(i);
            }
        }
    }

    private static Matrices load(Factors factors, ScaledInput input, Workers workers) throws IOException {
        FeedbackFactor factor = input.feedback() ? factors.of(input, workers) : null;
        GramMatrix gram = input.gram(workers);
        GramMatrix squares = squares(gram, input.scales());
        return new Matrices(factor, GramLoss.of(gram, workers), squares, squares.diagonal());
    }

    /** The blocks around the diagonal, divided by the scales; all others share one block of zeros. */
    private static GramMatrix squares(GramMatrix gram, float[] scales) {
        int size = gram.size();
        float[] zeros = new float[size * size];
        float[][] blocks = gram.blocks().clone();
        int side = (gram.channels() + size - 1) / size;
        for (int row = 0, block = 0; row < side; row++) {
            for (int column = row; column < side; column++, block++) {
                blocks[block] = column > row ? zeros : square(blocks[block], row * size, gram, scales);
            }
        }
        return new GramMatrix(gram.channels(), size, blocks);
    }

    private static float[] square(float[] block, int first, GramMatrix gram, float[] scales) {
        if (scales == null) {
            return block;
        }
        float[] square = block.clone();
        int count = Math.min(gram.size(), gram.channels() - first);
        for (int i = 0; i < count; i++) {
            for (int j = 0; j < count; j++) {
                square[i * gram.size() + j] /= scales[first + i] * scales[first + j];
            }
        }
        return square;
    }
}
