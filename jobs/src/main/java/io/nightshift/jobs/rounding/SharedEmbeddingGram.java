package io.nightshift.jobs.rounding;

import io.nightshift.kernels.linear.GramMatrix;
import io.nightshift.kernels.parallel.Workers;
import java.io.IOException;

/**
 * What errors in rows of a token embedding cost that is the output matrix too: what they cost its readers, and what they cost
 * predictions by way of the last hidden states. How often a token is read and how often it is predicted are about the same, so
 * that one sum does for all rows. Both parts count as much, by the means of their diagonals: a third or three times as much for
 * the readers came out alike, and the output's part alone was worse.
 *
 * <p>Memory: the matrix three times, and what {@link EmbeddingGram} takes.
 *
 * @param embedding what its readers make of an error
 * @param output the last hidden states
 */
public record SharedEmbeddingGram(EmbeddingGram embedding, Calibrated output) implements InputSource {
    @Override
    public String name() {
        return embedding.name() + "-and-" + output.name();
    }

    @Override
    public String description() {
        return embedding.description() + ", with " + output.description();
    }

    @Override
    public int channels() {
        return output.channels();
    }

    @Override
    public GramMatrix gram(Workers workers) throws IOException {
        return sum(output.gram(workers), embedding.gram(workers));
    }

    /** Of what the last hidden states are and what the readers make of an error. */
    static GramMatrix sum(GramMatrix predicts, GramMatrix read) {
        return predicts.plus(1 / predicts.meanSquare(), read, 1 / read.meanSquare());
    }
}
