package io.nightshift.jobs.rounding;

import io.nightshift.formats.architecture.EmbeddingReaders;
import io.nightshift.formats.architecture.LinearLayer;
import io.nightshift.jobs.storage.FolderReference;
import io.nightshift.kernels.linear.Gram;
import io.nightshift.kernels.linear.GramMatrix;
import io.nightshift.kernels.parallel.Workers;
import java.io.IOException;

/**
 * What errors in rows of the token embedding cost: the sum of the squares of what the layers that read them first make of such
 * an error. That is the Gram matrix of the layers' own rows, their columns multiplied by the norm's weights. The length that
 * the norm divides a row by is the same for all of its columns, and has no part in how they are rounded.
 *
 * <p>Memory: the matrix and about 4 million weights, three times.
 *
 * @param model the checkpoint
 * @param readers of its embedding
 */
public record EmbeddingGram(FolderReference model, EmbeddingReaders readers) implements InputSource {
    /** Channels of a side of a block. */
    private static final int BLOCK = 256;

    /** Weights that are read at once, about; rows are multiples of what {@link Gram#add} sums at a time. */
    private static final int WEIGHTS_AT_ONCE = 4 << 20;

    @Override
    public String name() {
        return "embedding";
    }

    @Override
    public String description() {
        return model.location().text() + ": " + readers.embedding().module();
    }

    @Override
    public int channels() {
        return Math.toIntExact(readers.embedding().inputs());
    }

    @Override
    public GramMatrix gram(Workers workers) throws IOException {
        LinearRows reader = new LinearRows(model.open());
        int channels = channels();
        float[] norm = readers.norm() == null ? null : reader.read(readers.norm(), 0, 1);
        float[][] blocks = new float[Gram.blocks(channels, BLOCK)][BLOCK * BLOCK];
        int atOnce = Math.max(1, WEIGHTS_AT_ONCE / channels / Gram.RUN) * Gram.RUN;
        for (LinearLayer linear : readers.linears()) {
            for (long from = 0; from < linear.outputs(); from += atOnce) {
                long to = Math.min(linear.outputs(), from + atOnce);
                float[] rows = reader.read(linear.source(), from, to);
                if (norm != null) {
                    for (int i = 0; i < rows.length; i++) {
                        rows[i] *= norm[i % channels];
                    }
                }
                Gram.add(rows, Math.toIntExact(to - from), channels, BLOCK, blocks, workers);
            }
        }
        return new GramMatrix(channels, BLOCK, blocks);
    }
}
