package io.nightshift.kernels.encoding;

import io.nightshift.kernels.parallel.Workers;
import io.nightshift.kernels.rounding.FeedbackFactor;

/** Encodes rows and reads them back, for one thread. See {@link RowEncoding}. */
public interface RowCoder {
    /**
     * Rounds each weight to what is nearest to it, after the scales were chosen for these weights.
     *
     * @param weights row-major, {@code rows * columns} from {@code at}; finite
     * @param metric what errors cost
     * @throws UnstorableRowException if weights are too large for the format
     */
    EncodedRows nearest(float[] weights, int at, int rows, int columns, Metric metric, Workers workers);

    /**
     * Rounds with error feedback.
     *
     * @param nearest what {@link #nearest} made of the same weights, whose scales are a start and may be chosen anew; null
     *     where the encoding does not {@linkplain RowEncoding#startsFromNearest start from it}
     * @param weights row-major, {@code rows * columns} from 0; multiplied by the factor's scales
     * @param factor of the inputs that the metric tells of
     * @throws UnstorableRowException as for {@link #nearest}
     * @throws IllegalArgumentException if the encoding {@linkplain RowEncoding#takesFeedback takes no feedback}
     */
    EncodedRows feedback(EncodedRows nearest, float[] weights, int rows, FeedbackFactor factor, Metric.Statistics metric,
            Workers workers);

    /**
     * Reads rows back: the weights as a loader of the format computes them, bit for bit.
     *
     * @param encoded made by a coder of the same encoding
     * @param first the first row
     * @param values receives {@code rows * columns} weights from {@code at}
     */
    void decode(EncodedRows encoded, int first, int rows, float[] values, int at);

    /**
     * Rounds to nearest and reads back: what scales of channels are searched with.
     *
     * @param values receives as many weights as the rows have, from 0
     */
    default void roundTrip(float[] weights, int at, int rows, int columns, Metric metric, float[] values) {
        decode(nearest(weights, at, rows, columns, metric, Workers.NONE), 0, rows, values, 0);
    }
}
