package io.nightshift.jobs.rounding;

import io.nightshift.formats.statistics.StatisticsReader;
import io.nightshift.kernels.linear.GramLoss;
import io.nightshift.kernels.linear.GramMatrix;
import io.nightshift.kernels.parallel.Workers;
import io.nightshift.kernels.rounding.FeedbackFactor;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * What the tasks of this process share of inputs' statistics: for each input 4 * channels² bytes, half of it the factor
 * (where rounding gives feedback), half the matrix that losses are measured with. Inputs that a task works with are
 * held, and the {@value #KEPT} that were used last; what is dropped is read again when it is needed. Tasks in the order
 * of their inputs need few at once.
 */
public final class InputMatrices {
    private static final int KEPT = 2;

    private static final InputMatrices OF_THIS_PROCESS = new InputMatrices();

    /** Those in the order of their last use. */
    private final List<Entry> entries = new ArrayList<>();

    private InputMatrices() {}

    /** The one that all tasks of this process share. */
    public static InputMatrices ofThisProcess() {
        return OF_THIS_PROCESS;
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
        private final Factors factors;
        private final ScaledInput input;
        private Matrices matrices;
        private int users;

        Entry(Factors factors, ScaledInput input) {
            this.factors = factors;
            this.input = input;
        }

        boolean is(Factors otherFactors, ScaledInput otherInput) {
            return input.name().equals(otherInput.name()) && factors.folder().equals(otherFactors.folder());
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
        Entry entry = take(factors, input);
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

    private synchronized Entry take(Factors factors, ScaledInput input) {
        Entry entry = entries.stream()
                .filter(held -> held.is(factors, input))
                .findFirst()
                .orElseGet(() -> new Entry(factors, input));
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

    /** Drops what is held for a run. */
    public synchronized void release(Factors factors) {
        entries.removeIf(entry -> entry.factors.folder().equals(factors.folder()));
    }

    private static Matrices load(Factors factors, ScaledInput input, Workers workers) throws IOException {
        FeedbackFactor factor = factors.options().feedback() ? factors.of(input, workers) : null;
        StatisticsReader reader = factors.statistics().open();
        GramMatrix gram = StatisticsReference.gram(reader, input.statistics());
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
