package io.nightshift.jobs.rounding;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.jobs.tasks.RunId;
import io.nightshift.jobs.tasks.StageMemory;
import io.nightshift.jobs.tasks.TaskRun;
import io.nightshift.jobs.tasks.TaskWorkers;
import io.nightshift.jobs.tasks.WorkFiles;
import io.nightshift.kernels.parallel.Workers;
import io.nightshift.kernels.rounding.FeedbackFactor;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.Serializable;
import java.util.List;
import org.apache.spark.api.java.JavaSparkContext;

/**
 * The factors of error feedback of a run, one for each scaled input of linear layers: each is made once, kept as a file
 * of the work folder, and read from there by the executors whose tasks need it.
 *
 * <p>A factor takes 2 * channels² bytes, in the folder and in memory; to make it takes 6 * channels² bytes more, the
 * Gram matrix among them (14,336 channels: 0.4 and 1.2 GB). {@link InputMatrices} bounds what an executor holds.
 *
 * @param run that they belong to
 * @param files of a {@link io.nightshift.jobs.tasks.WorkFolder} of the run's own, which the run removes when it ends
 */
public record Factors(RunId run, WorkFiles files) implements Serializable {
    /**
     * The factor of an input: read if it is there, else made and written. A second attempt writes the same bytes.
     *
     * @throws InvalidModelException if the Gram matrix is missing or damaged
     * @throws IOException if reading or writing failed
     */
    public FeedbackFactor of(ScaledInput input, Workers workers) throws IOException {
        String name = name(input);
        if (files.exists(name)) {
            return read(name);
        }
        FeedbackFactor factor = make(input, workers);
        files.put(name, out -> {
            ObjectOutputStream objects = new ObjectOutputStream(out);
            objects.writeObject(factor);
            objects.flush();
        });
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
        long channels = inputs.stream().mapToLong(input -> input.source().channels()).max().orElse(0);
        // Beside its own, an executor holds the matrices of the two inputs before (docs/memory.md).
        StageMemory memory = new StageMemory(
                2 * Float.BYTES * channels * channels, (Float.BYTES + Double.BYTES) * channels * channels);
        new TaskRun(spark, "factorizing statistics", memory).each(inputs, input -> {
            try (Workers workers = TaskWorkers.open()) {
                of(input, workers);
                return input.name();
            }
        });
    }

    private static String name(ScaledInput input) {
        return "factor-" + input.name();
    }

    /** Deletes the factors of inputs that nothing more is rounded by. */
    public void delete(List<ScaledInput> inputs) throws IOException {
        for (ScaledInput input : inputs) {
            files.delete(name(input));
        }
    }

    private static FeedbackFactor make(ScaledInput input, Workers workers) throws IOException {
        try {
            return FeedbackFactor.of(input.gram(workers), input.scales(), input.factorDamping(), workers);
        } catch (IllegalArgumentException e) {
            throw new InvalidModelException(input.source().description() + ": " + e.getMessage(), e);
        }
    }

    private FeedbackFactor read(String name) throws IOException {
        try (ObjectInputStream objects = new ObjectInputStream(files.read(name))) {
            return (FeedbackFactor) objects.readObject();
        } catch (ClassNotFoundException e) {
            throw new IOException(files.folder() + "/" + name + ": was written by another version of Nightshift", e);
        }
    }
}
