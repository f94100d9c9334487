package io.nightshift.jobs.tasks;

import io.nightshift.jobs.storage.HadoopSettings;
import io.nightshift.jobs.storage.LocalErrors;
import io.nightshift.jobs.storage.StorageErrors;
import io.nightshift.jobs.storage.StorageLocation;
import io.nightshift.jobs.storage.StorageProbe;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaSparkContext;

/**
 * A folder of a run's own for what its tasks keep, local or in an object store; it is removed when the run ends. That of a
 * run whose driver was killed is removed by a later run in the same place: at once on the same machine, elsewhere once no
 * run can be that old. Beside it are results that outlive a run which is cut off ({@link #kept}).
 */
public final class WorkFolder implements AutoCloseable {
    private static final String PREFIX = "work-";
    private static final Pattern NAME = Pattern.compile(PREFIX + "(\\d{1,15})-[0-9a-f-]{36}");
    private static final String KEPT_PREFIX = "kept-";
    private static final Pattern KEPT = Pattern.compile(KEPT_PREFIX + "(\\d{1,15})-([0-9a-f]{16})-([0-9a-f]{64})");

    /** A file that says whose the folder is. */
    private static final String OWNER = "owner";

    private static final int LONGEST_OWNER = 1024;

    /** After this long, a folder belongs to no run any more. */
    static final Duration LONGEST_RUN = Duration.ofDays(7);

    private final FileSystem fileSystem;
    private final Path path;
    private final List<Path> made;
    private final HadoopSettings settings;

    /** @param made the folders above that this run made, the innermost first */
    private WorkFolder(FileSystem fileSystem, Path path, List<Path> made, HadoopSettings settings) {
        this.settings = settings;
        this.fileSystem = fileSystem;
        this.path = path;
        this.made = made;
    }

    /**
     * Makes the folder.
     *
     * @param given the folder that it is made in, if the user wants another one than the output's own
     * @param output the folder of the outputs
     * @throws IOException if it cannot be made, or executors do not see it
     */
    public static WorkFolder create(
            Optional<String> given, String output, HadoopSettings settings, JavaSparkContext spark) throws IOException {
        String parent = parent(given, output);
        StorageLocation location = StorageLocation.parse(parent);
        if (location.isLocal()) {
            SharedFolderCheck.requireShared(location.localPath(), spark);
            location = StorageLocation.parse(location.hadoopPath().toString());
        } else {
            StorageProbe.check(location, settings);
        }
        Instant now = Instant.now();
        Path path = new Path(location.hadoopPath(), name(now));
        FileSystem fileSystem = settings.fileSystem(location);
        List<Path> made = new ArrayList<>();
        WorkFolder folder = new WorkFolder(fileSystem, path, made, settings);
        try {
            for (Path above = path.getParent(); above != null && !fileSystem.exists(above); above = above.getParent()) {
                made.add(above);
            }
            if (location.isLocal()) {
                LocalErrors.makeFolder(location.localPath());
            }
            remove(fileSystem, path.getParent(), now, Optional.empty());
            // Its first file makes the folder: one without an owner would be nobody's, if the driver was killed in between.
            try (OutputStream owner = folder.files().write(OWNER)) {
                owner.write(RunOwner.ofThisProcess().toLine().getBytes(StandardCharsets.UTF_8));
            }
            return folder;
        } catch (IOException | RuntimeException e) {
            folder.closeAfter(e);
            throw StorageErrors.explain(parent, e);
        }
    }

    private static String parent(Optional<String> given, String output) {
        return given.orElse(output.replaceAll("/+$", "") + "/.nightshift-work");
    }

    /**
     * Removes what runs left that were killed, as {@link #create} does, for a run that may need no folder. Where it cannot
     * be removed it stays: it costs room alone.
     *
     * @param given as for {@link #create}
     * @param output likewise
     * @param done a job that is done: what was kept for its next run is removed, too
     */
    public static void sweep(Optional<String> given, String output, Optional<String> done, HadoopSettings settings) {
        try {
            StorageLocation location = StorageLocation.parse(parent(given, output));
            if (!location.isLocal()) {
                StorageProbe.check(location, settings);
            } else if (!Files.isDirectory(location.localPath())) {
                return; // Most runs, which need no file system of Hadoop's otherwise.
            }
            FileSystem fileSystem = settings.fileSystem(location);
            remove(fileSystem, location.hadoopPath(), Instant.now(), done);
            if (given.isEmpty()) {
                deleteEmpty(fileSystem, location.hadoopPath());
            }
        } catch (IOException e) {
            // A run that needs the folder will say so.
        }
    }

    /** A folder's name says when its run began: not all stores keep times of folders. */
    static String name(Instant start) {
        return PREFIX + start.getEpochSecond() + "-" + UUID.randomUUID();
    }

    /** Removes what is abandoned, and what was kept for a job that is done. */
    private static void remove(FileSystem fileSystem, Path parent, Instant now, Optional<String> done) throws IOException {
        if (!fileSystem.exists(parent)) {
            return;
        }
        for (FileStatus found : fileSystem.listStatus(parent)) {
            Matcher name = NAME.matcher(found.getPath().getName());
            Matcher kept = KEPT.matcher(found.getPath().getName());
            if (name.matches() && (isTooOld(name, now) || isDead(fileSystem, new Path(found.getPath(), OWNER)))
                    || kept.matches() && (isTooOld(kept, now) || done.equals(Optional.of(kept.group(2))))) {
                fileSystem.delete(found.getPath(), true);
            }
        }
    }

    private static boolean isTooOld(Matcher name, Instant now) {
        return Instant.ofEpochSecond(Long.parseLong(name.group(1))).isBefore(now.minus(LONGEST_RUN));
    }

    private static boolean isDead(FileSystem fileSystem, Path owner) {
        byte[] line = new byte[LONGEST_OWNER];
        try (InputStream in = fileSystem.open(owner)) {
            int length = in.readNBytes(line, 0, line.length);
            return RunOwner.parse(new String(line, 0, length, StandardCharsets.UTF_8)).map(RunOwner::isDead).orElse(false);
        } catch (IOException e) {
            return false; // Not written yet, or removed at the same time.
        }
    }

    /** Where it is, with its scheme: tasks may keep files of the run there. */
    public String location() {
        return fileSystem.makeQualified(path).toString();
    }

    /** Its files, for the tasks of the run. */
    public WorkFiles files() {
        return new WorkFiles(location(), settings);
    }

    /**
     * Results that follow from what a digest is of: those of a run that was cut off, or none yet. They stay when this run
     * ends, until they are deleted, or a later run in the same place finds them {@linkplain #LONGEST_RUN too old}.
     *
     * @param job 16 hexadecimal digits: whose they are if there are none yet
     * @param digest 64 hexadecimal digits
     * @param fresh whether those that are there are deleted
     */
    public KeptResults kept(String job, String digest, boolean fresh) throws IOException {
        Path folder = new Path(path.getParent(), keptName(Instant.now(), job, digest));
        for (FileStatus found : fileSystem.listStatus(path.getParent())) {
            Matcher name = KEPT.matcher(found.getPath().getName());
            if (name.matches() && name.group(3).equals(digest)) {
                if (fresh) {
                    fileSystem.delete(found.getPath(), true);
                } else {
                    folder = found.getPath();
                }
            }
        }
        return new KeptResults(new WorkFiles(fileSystem.makeQualified(folder).toString(), settings));
    }

    /** Of the folder of kept results that were begun at a time. */
    static String keptName(Instant start, String job, String digest) {
        return KEPT_PREFIX + start.getEpochSecond() + "-" + job + "-" + digest;
    }

    @Override
    public void close() throws IOException {
        fileSystem.delete(path, true);
        // The folders above are removed where this run made them and left nothing there, or an earlier run within the output.
        Path parent = path.getParent();
        if (!made.contains(parent) && parent.getName().startsWith(".")) {
            deleteEmpty(fileSystem, parent);
        }
        for (Path folder : made) {
            deleteEmpty(fileSystem, folder);
        }
    }

    private void closeAfter(Exception failure) {
        try {
            close();
        } catch (IOException | RuntimeException e) {
            failure.addSuppressed(e);
        }
    }

    private static void deleteEmpty(FileSystem fileSystem, Path folder) throws IOException {
        if (fileSystem.exists(folder) && fileSystem.listStatus(folder).length == 0) {
            fileSystem.delete(folder, false);
        }
    }
}
