package io.nightshift.jobs.rounding;

import io.nightshift.formats.Sha256;
import io.nightshift.formats.architecture.ColumnForm;
import io.nightshift.formats.architecture.EmbeddingReaders;
import io.nightshift.formats.architecture.LinearLayer;
import io.nightshift.formats.statistics.StatisticsReader;
import io.nightshift.jobs.storage.FolderReference;
import io.nightshift.kernels.linear.GramMatrix;
import io.nightshift.kernels.parallel.Workers;
import io.nightshift.kernels.rounding.Damping;
import java.io.IOException;
import java.io.Serializable;
import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.stream.IntStream;

/**
 * The input of linear layers, divided by the scales of its channels, and how its factor is damped. Two inputs are the same
 * where their statistics, scales and damping are, whatever layers, experts or outputs they belong to: then what follows from
 * them is made once.
 *
 * @param source where the Gram matrix of the unscaled input comes from
 * @param columns how the layers' columns lie to its channels
 * @param scales one a channel; null where there are none
 * @param feedback whether a factor is made of it, for rounding with error feedback
 * @param damping share of the mean of H's diagonal that is added to it, for the factor
 */
public record ScaledInput(InputSource source, ColumnForm columns, float[] scales, boolean feedback, double damping)
        implements Serializable {
    private static final int DIGITS = 24;

    /** Refuses scales that would stand in another order than the columns. */
    public ScaledInput {
        if (scales != null && columns instanceof ColumnForm.Reordered) {
            throw new IllegalArgumentException(source.name() + ": channels in another order cannot be scaled");
        }
    }

    /**
     * The input of a layer as the options of an output want it.
     *
     * @param reader of the statistics
     * @param scales one a channel; null where there are none
     */
    public static ScaledInput of(StatisticsReference source, StatisticsReader reader, LinearLayer linear, float[] scales,
            RoundingOptions options) {
        return of(new InputSource.Calibrated(source, StatisticsReference.input(reader, linear)), linear, scales, options);
    }

    /** The same of the token embedding, whose rows nothing scales. */
    public static ScaledInput ofEmbedding(FolderReference model, EmbeddingReaders readers, StatisticsReference source,
            StatisticsReader reader, RoundingOptions options) {
        EmbeddingGram read = new EmbeddingGram(model, readers);
        InputSource all = readers.output() == null
                ? read
                : new SharedEmbeddingGram(read,
                        new InputSource.Calibrated(source, StatisticsReference.input(reader, readers.output())));
        return of(all, readers.embedding(), null, options);
    }

    private static ScaledInput of(InputSource source, LinearLayer linear, float[] scales, RoundingOptions options) {
        return new ScaledInput(source, linear.source().columns(), scales, options.feedback(),
                options.feedback() ? options.damping() : 0);
    }

    /** Unlike that of every other one of the same statistics, and fit for a file's name. */
    public String name() {
        String order = columns instanceof ColumnForm.Reordered ? "-reordered" : "";
        return source.name() + order + (feedback ? "-damped-" + damping : "")
                + (scales == null ? "" : "-" + digest());
    }

    /**
     * The whole Gram matrix of the unscaled input, its channels in the order of the layers' columns: 2 * channels² bytes, and
     * as much for a moment where it is reordered.
     *
     * @throws IOException if it cannot be read
     */
    public GramMatrix gram(Workers workers) throws IOException {
        GramMatrix gram = source.gram(workers);
        return columns instanceof ColumnForm.Reordered reordered
                ? gram.reordered(IntStream.range(0, gram.channels())
                        .map(channel -> Math.toIntExact(reordered.order().sourceRow(channel)))
                        .toArray())
                : gram;
    }

    private String digest() {
        ByteBuffer bytes = ByteBuffer.allocate(scales.length * Float.BYTES);
        bytes.asFloatBuffer().put(scales);
        return Sha256.of(bytes.array()).substring(0, DIGITS);
    }

    /** The damping, raised where it does not do. */
    Damping factorDamping() {
        return new Damping(damping, RoundingOptions.LARGEST_DAMPING);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof ScaledInput input && name().equals(input.name());
    }

    @Override
    public int hashCode() {
        return Objects.hash(name());
    }
}
