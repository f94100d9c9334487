package io.nightshift.jobs.rounding;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.jobs.storage.HadoopSettings;
import io.nightshift.jobs.storage.StorageLocation;
import io.nightshift.jobs.tasks.RunId;
import io.nightshift.jobs.tasks.TaskRun;
import io.nightshift.jobs.tasks.TaskWorkers;
import io.nightshift.kernels.parallel.Workers;
import io.nightshift.kernels.rounding.FeedbackFactor;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.OutputStream;
import java.io.Serializable;
import java.util.List;
import java.util.UUID;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaSparkContext;

/**
 * The factors of error feedback of a run, one for each scaled input of linear layers: each is made once, kept as a file
 * of the work folder, and read from there by the executors whose tasks need it.
 *
 * <p>A factor takes 2 * channels² bytes, in the folder and in memory; to make it takes 6 * channels² bytes more, the
 * Gram matrix among them (14,336 channels: 0.4 and 1.2 GB). {@link InputMatrices} bounds what an executor holds.
 *
 * @param run that they belong to
 * @param folder a {@link io.nightshift.jobs.tasks.WorkFolder} of the run's own, which the run removes when it ends
 * @param settings how to reach it
 */
public record Factors(RunId run, String folder, HadoopSettings settings) implements Serializable {
    /**
     * The factor of an input: read if it is there, else made and written. A second attempt writes the same bytes.
     *
     * @throws InvalidModelException if the Gram matrix is missing or damaged
     * @throws IOException if reading or writing failed
     */
    public FeedbackFactor of(ScaledInput input, Workers workers) throws IOException {
        StorageLocation location = StorageLocation.parse(folder);
        FileSystem files = settings.fileSystem(location);
        Path path = path(location, input);
        if (files.exists(path)) {
            return read(files, path);
        }
        FeedbackFactor factor = make(input, workers);
        // Seen under its name only when it is whole.
        Path written = new Path(path.getParent(), "." + path.getName() + "-" + UUID.randomUUID());
        try (OutputStream out = files.create(written, true);
                ObjectOutputStream objects = new ObjectOutputStream(new BufferedOutputStream(out, 1 << 20))) {
            objects.writeObject(factor);
        }
        if (!files.rename(written, path)) {
            // Another attempt was first.
            files.delete(written, false);
        }
        return factor;
    }

    /**
     * Makes the factors of inputs, one task each: they are in the work folder then.
     *
     * @param inputs each once, the costliest first
     * @throws InvalidModelException if a Gram matrix is missing or damaged
     * @throws IOException if reading or writing failed
     */
    public void makeAll(JavaSparkContext spark, List<ScaledInput> inputs) throws IOException {
        new TaskRun(spark, "factorizing statistics").each(inputs, input -> {
            try (Workers workers = TaskWorkers.open()) {
                of(input, workers);
                return input.name();
            }
        });
    }

    private static Path path(StorageLocation location, ScaledInput input) {
        return new Path(location.hadoopPath(), "factor-" + input.name());
    }

    /** Deletes the factors of inputs that nothing more is rounded by. */
    public void delete(List<ScaledInput> inputs) throws IOException {
        StorageLocation location = StorageLocation.parse(folder);
        for (ScaledInput input : inputs) {
            settings.fileSystem(location).delete(path(location, input), false);
        }
    }

    private static FeedbackFactor make(ScaledInput input, Workers workers) throws IOException {
        try {
            return FeedbackFactor.of(input.gram(workers), input.scales(), input.factorDamping(), workers);
        } catch (IllegalArgumentException e) {
            throw new InvalidModelException(input.source().description() + ": " + e.getMessage(), e);
        }
    }

    private static FeedbackFactor read(FileSystem files, Path path) throws IOException {
        try (InputStream in = files.open(path);
                ObjectInputStream objects = new ObjectInputStream(new BufferedInputStream(in, 1 << 20))) {
            return (FeedbackFactor) objects.readObject();
        } catch (ClassNotFoundException e) {
            throw new IOException(path + ": was written by another version of Nightshift", e);
        }
    }
}
