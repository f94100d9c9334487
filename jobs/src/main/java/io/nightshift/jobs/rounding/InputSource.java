package io.nightshift.jobs.rounding;

import io.nightshift.formats.statistics.InputSummary;
import io.nightshift.kernels.linear.GramMatrix;
import io.nightshift.kernels.parallel.Workers;
import java.io.IOException;
import java.io.Serializable;

/** Where the Gram matrix comes from that says what errors of a matrix cost. */
public sealed interface InputSource extends Serializable
        permits InputSource.Calibrated, EmbeddingGram, SharedEmbeddingGram {
    /** Unlike that of every other one, and fit for a file's name. */
    String name();

    /** What it is, and where, for messages. */
    String description();

    /** Its side. */
    int channels();

    /**
     * The whole matrix: 2 * channels² bytes.
     *
     * @throws IOException if what it is made of cannot be read
     */
    GramMatrix gram(Workers workers) throws IOException;

    /**
     * What layers read, as a calibration has summed it up.
     *
     * @param folder where the statistics are
     * @param input those of this input
     */
    record Calibrated(StatisticsReference folder, InputSummary input) implements InputSource {
        @Override
        public String name() {
            return input.name() + "-of-" + folder.name();
        }

        @Override
        public String description() {
            return folder.folder().location().text() + ": " + input.name();
        }

        @Override
        public int channels() {
            return input.channels();
        }

        @Override
        public GramMatrix gram(Workers workers) throws IOException {
            return StatisticsReference.gram(folder.open(), input);
        }
    }
}
