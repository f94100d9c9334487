package io.nightshift.jobs.batch.manifest;

import io.nightshift.jobs.storage.HadoopSettings;
import io.nightshift.jobs.storage.StorageErrors;
import io.nightshift.jobs.storage.StorageLocation;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocatedFileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RemoteIterator;

/** Finds checkpoints and texts in local folders and Hadoop's file systems. */
public final class StoredManifestFiles implements ManifestFiles {
    private static final Pattern GLOB = Pattern.compile("[*?\\[{]");

    private final HadoopSettings settings;

    public StoredManifestFiles(HadoopSettings settings) {
        this.settings = settings;
    }

    @Override
    public List<String> checkpoints(String location) throws IOException {
        boolean several = location.endsWith("/") || GLOB.matcher(location).find();
        StorageLocation parsed = StorageLocation.parse(location);
        try {
            FileSystem store = store(parsed);
            if (!several) {
                return isCheckpoint(store, path(parsed)) ? List.of(parsed.text()) : List.of();
            }
            TreeSet<String> found = new TreeSet<>();
            for (FileStatus match : glob(store, path(parsed))) {
                if (match.isDirectory() && isCheckpoint(store, match.getPath())) {
                    found.add(text(parsed, match.getPath()));
                } else if (match.isDirectory()) {
                    for (FileStatus below : store.listStatus(match.getPath())) {
                        if (below.isDirectory() && isCheckpoint(store, below.getPath())) {
                            found.add(text(parsed, below.getPath()));
                        }
                    }
                }
            }
            return List.copyOf(found);
        } catch (IOException | RuntimeException e) {
            throw StorageErrors.explain(location, e);
        }
    }

    @Override
    public List<String> texts(String location) throws IOException {
        StorageLocation parsed = StorageLocation.parse(location);
        try {
            FileSystem store = store(parsed);
            TreeSet<String> found = new TreeSet<>();
            for (FileStatus match : glob(store, path(parsed))) {
                if (match.isFile()) {
                    found.add(text(parsed, match.getPath()));
                } else {
                    RemoteIterator<LocatedFileStatus> all = store.listFiles(match.getPath(), true);
                    while (all.hasNext()) {
                        Path file = all.next().getPath();
                        // What Spark and Hadoop put beside data: _SUCCESS, .crc.
                        if (!file.getName().startsWith("_") && !file.getName().startsWith(".")) {
                            found.add(text(parsed, file));
                        }
                    }
                }
            }
            return List.copyOf(found);
        } catch (IOException | RuntimeException e) {
            throw StorageErrors.explain(location, e);
        }
    }

    private FileSystem store(StorageLocation location) throws IOException {
        return settings.fileSystem(location.isLocal() ? StorageLocation.parse("file:" + location.localPath()) : location);
    }

    /** A URI would write a glob's characters as %5B and the like. */
    private static Path path(StorageLocation location) {
        return location.isLocal() ? new Path("file://" + location.localPath()) : location.hadoopPath();
    }

    private static List<FileStatus> glob(FileSystem store, Path pattern) throws IOException {
        FileStatus[] matches = store.globStatus(pattern);
        return matches == null ? new ArrayList<>() : Arrays.asList(matches);
    }

    private static boolean isCheckpoint(FileSystem store, Path folder) throws IOException {
        try {
            return store.getFileStatus(new Path(folder, "config.json")).isFile();
        } catch (FileNotFoundException e) {
            return false;
        }
    }

    private static String text(StorageLocation asked, Path found) {
        return asked.isLocal() ? found.toUri().getPath() : found.toString();
    }
}
