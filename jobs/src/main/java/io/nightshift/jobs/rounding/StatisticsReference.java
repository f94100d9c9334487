package io.nightshift.jobs.rounding;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.Sha256;
import io.nightshift.formats.architecture.LinearLayer;
import io.nightshift.formats.statistics.CalibrationManifest;
import io.nightshift.formats.statistics.InputSummary;
import io.nightshift.formats.statistics.StatisticsReader;
import io.nightshift.jobs.forward.SourceDigest;
import io.nightshift.jobs.storage.FolderReference;
import io.nightshift.kernels.linear.Gram;
import io.nightshift.kernels.linear.GramMatrix;
import java.io.IOException;
import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import org.apache.spark.api.java.JavaSparkContext;

/**
 * A folder of statistics that tasks read by ranges.
 *
 * @param folder where it is
 */
public record StatisticsReference(FolderReference folder) implements Serializable {
    private static final int DIGITS = 12;

    /** Unlike that of statistics elsewhere, and fit for a file's name. */
    String name() {
        return Sha256.of(folder.location().text().getBytes(StandardCharsets.UTF_8)).substring(0, DIGITS);
    }

    /** The manifest. */
    public CalibrationManifest manifest() throws IOException {
        return CalibrationManifest.read(folder.open());
    }

    /**
     * Makes sure that the statistics are a model's.
     *
     * @param model the checkpoint; a task looks at its weights
     * @throws io.nightshift.formats.InvalidModelException if they are another one's
     * @throws IOException if either cannot be read
     */
    public void requireModel(FolderReference model, JavaSparkContext spark) throws IOException {
        manifest().requireModel(folder.location().text(), SourceDigest.of(model, spark));
    }

    /** A reader of its own, for one thread. */
    public StatisticsReader open() throws IOException {
        return StatisticsReader.open(folder.open());
    }

    /**
     * The input of a linear layer, with usable statistics.
     *
     * @throws InvalidModelException if there are none, or if they are of another number of channels
     */
    public static InputSummary input(StatisticsReader reader, LinearLayer linear) {
        InputSummary input = reader.input(linear.tensor(), linear.expert());
        if (input.channels() != linear.inputs()) {
            throw new InvalidModelException("the statistics of " + linear.tensor() + " are of " + input.channels()
                    + " channels, and it has " + linear.inputs() + "; run nightshift calibrate again");
        }
        return input;
    }

    /** A whole Gram matrix: 2 * channels² bytes. */
    public static GramMatrix gram(StatisticsReader reader, InputSummary input) throws IOException {
        int size = reader.manifest().gramBlock();
        int blocks = Gram.blocks(input.channels(), size);
        return new GramMatrix(input.channels(), size, reader.gramBlocks(input, 0, blocks));
    }

    /** The mean of |x| of each channel. */
    public static double[] means(StatisticsReader reader, InputSummary input) throws IOException {
        double[] means = reader.absolutes(input);
        for (int i = 0; i < means.length; i++) {
            means[i] /= input.tokens();
        }
        return means;
    }
}
