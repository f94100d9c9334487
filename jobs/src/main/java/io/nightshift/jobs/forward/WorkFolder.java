package io.nightshift.jobs.forward;

import io.nightshift.jobs.output.LocalErrors;
import io.nightshift.jobs.output.SharedFolderCheck;
import io.nightshift.jobs.storage.HadoopSettings;
import io.nightshift.jobs.storage.StorageErrors;
import io.nightshift.jobs.storage.StorageLocation;
import io.nightshift.jobs.storage.StorageProbe;
import java.io.IOException;
import java.util.Optional;
import java.util.UUID;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaSparkContext;

/** A folder of a run's own for checkpoints, local or in an object store; it is removed when the run ends. */
public final class WorkFolder implements AutoCloseable {
    private final FileSystem fileSystem;
    private final Path path;
    private final boolean madeParent;

    private WorkFolder(FileSystem fileSystem, Path path, boolean madeParent) {
        this.fileSystem = fileSystem;
        this.path = path;
        this.madeParent = madeParent;
    }

    /**
     * Makes the folder, and lets Spark put its checkpoints there.
     *
     * @param given the folder that it is made in, if the user wants another one than the output's own
     * @param output the folder of the outputs
     * @throws IOException if it cannot be made, or executors do not see it
     */
    public static WorkFolder create(
            Optional<String> given, String output, HadoopSettings settings, JavaSparkContext spark) throws IOException {
        String parent = given.orElse(output.replaceAll("/+$", "") + "/.nightshift-work");
        StorageLocation location = StorageLocation.parse(parent);
        if (location.isLocal()) {
            SharedFolderCheck.requireShared(location.localPath(), spark);
            location = StorageLocation.parse("file:" + location.localPath());
        } else {
            StorageProbe.check(location, settings);
        }
        Path path = new Path(location.hadoopPath(), "work-" + UUID.randomUUID());
        try {
            FileSystem fileSystem = settings.fileSystem(location);
            boolean madeParent = !fileSystem.exists(path.getParent());
            if (location.isLocal()) {
                LocalErrors.makeFolder(location.localPath());
            }
            fileSystem.mkdirs(path);
            spark.setCheckpointDir(fileSystem.makeQualified(path).toString());
            return new WorkFolder(fileSystem, path, madeParent);
        } catch (IOException | RuntimeException e) {
            throw StorageErrors.explain(parent, e);
        }
    }

    /** Where it is, with its scheme: tasks may keep files of the run there. */
    public String location() {
        return fileSystem.makeQualified(path).toString();
    }

    /**
     * Deletes what is of no use any more.
     *
     * @param made something in this folder, with its scheme
     */
    public void delete(String made) throws IOException {
        fileSystem.delete(new Path(made), true);
    }

    @Override
    public void close() throws IOException {
        fileSystem.delete(path, true);
        // The folder above is removed where this run made it, or an earlier one within the output.
        Path parent = path.getParent();
        if ((madeParent || parent.getName().startsWith(".")) && fileSystem.exists(parent)
                && fileSystem.listStatus(parent).length == 0) {
            fileSystem.delete(parent, false);
        }
    }
}
