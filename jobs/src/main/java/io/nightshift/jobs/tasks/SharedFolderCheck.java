package io.nightshift.jobs.tasks;

import io.nightshift.jobs.storage.LocalErrors;
import io.nightshift.jobs.storage.StorageException;
import io.nightshift.jobs.storage.StorageLocation;
import java.io.IOException;
import java.io.Serializable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.spark.SparkEnv;
import org.apache.spark.api.java.JavaSparkContext;

/**
 * Makes sure that a local folder is the same one on every executor: the driver puts a token file there, and a short job
 * looks for it. Executors that come later are caught when they open the file to be written, whose name is as secret.
 */
public final class SharedFolderCheck {
    /** Tasks a core: enough that no executor goes without one. */
    private static final int TASKS_PER_CORE = 4;

    private SharedFolderCheck() {}

    private record Answer(String executor, boolean seen) implements Serializable {}

    /**
     * Refuses an output folder that some executor does not see.
     *
     * @param folder a local folder; where it is missing, the next one above it that is there is looked at
     * @throws StorageException if some executor does not see it, or it cannot be written
     */
    public static void requireShared(Path folder, JavaSparkContext spark) throws IOException {
        if (spark.sc().isLocal()) {
            return;
        }
        Path there = folder.toAbsolutePath();
        while (!Files.isDirectory(there)) {
            there = there.getParent();
        }
        Path token;
        try {
            token = Files.createTempFile(there, ".nightshift-", "-" + UUID.randomUUID());
        } catch (IOException e) {
            throw LocalErrors.explain(folder.toString(), e);
        }
        try {
            requireSeen(token, folder, spark);
        } finally {
            Files.deleteIfExists(token);
        }
    }

    /**
     * Refuses an input folder that some executor does not see.
     *
     * @param folder one of an object store is seen by all
     * @param file name of a file of it that is there
     * @throws StorageException if some executor does not see the file
     */
    public static void requireSeen(StorageLocation folder, String file, JavaSparkContext spark) throws StorageException {
        if (folder.isLocal()) {
            Path path = folder.localPath();
            requireSeen(path.resolve(file), path, spark);
        }
    }

    private static void requireSeen(Path file, Path folder, JavaSparkContext spark) throws StorageException {
        if (spark.sc().isLocal()) {
            return;
        }
        String path = file.toAbsolutePath().toString();
        int tasks = Math.max(2, spark.defaultParallelism()) * TASKS_PER_CORE;
        List<Integer> numbers = IntStream.range(0, tasks).boxed().collect(Collectors.toList());
        List<Answer> answers;
        try (JobScope scope = JobScope.of(spark, "looking for folders that all machines share")) {
            answers = spark.parallelize(numbers, tasks).map(i -> look(path)).collect();
        }
        for (Answer answer : answers) {
            if (!answer.seen()) {
                throw new StorageException(folder.toString(), "executor " + answer.executor() + " does not see this "
                        + "folder of the driver; use a folder that all machines share, or s3a:// or hdfs://");
            }
        }
    }

    private static Answer look(String token) {
        return new Answer(SparkEnv.get().executorId(), Files.exists(Path.of(token)));
    }
}
