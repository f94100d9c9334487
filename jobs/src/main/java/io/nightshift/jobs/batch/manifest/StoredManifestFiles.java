package io.nightshift.jobs.batch.manifest;

import io.nightshift.jobs.storage.Glob;
import io.nightshift.jobs.storage.HadoopSettings;
import io.nightshift.jobs.storage.StorageErrors;
import io.nightshift.jobs.storage.StorageLocation;
import io.nightshift.jobs.storage.StorageProbe;
import io.nightshift.jobs.text.Documents;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/** Finds checkpoints and texts in local folders and Hadoop's file systems. */
public final class StoredManifestFiles implements ManifestFiles {
    private final HadoopSettings settings;
    private final Set<FileSystem> answered = new HashSet<>();

    public StoredManifestFiles(HadoopSettings settings) {
        this.settings = settings;
    }

    @Override
    public Checkpoints checkpoints(String location) throws IOException {
        StorageLocation parsed = StorageLocation.parse(location);
        FileSystem store = settings.fileSystem(parsed);
        if (!parsed.isLocal() && answered.add(store)) {
            StorageProbe.check(StorageLocation.parse(Glob.folderBefore(parsed.text())), settings);
        }
        try {
            Path path = parsed.hadoopPath();
            boolean several = location.endsWith("/") || Glob.isPattern(store, path);
            if (!several) {
                return new Checkpoints(false, isCheckpoint(store, path) ? List.of(named(parsed)) : List.of());
            }
            TreeSet<String> found = new TreeSet<>();
            for (FileStatus match : Glob.matches(store, path)) {
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
            return new Checkpoints(true, List.copyOf(found));
        } catch (IOException | RuntimeException e) {
            throw StorageErrors.explain(location, e);
        }
    }

    @Override
    public List<String> texts(String location) throws IOException {
        StorageLocation parsed = StorageLocation.parse(location);
        return Documents.files(location, settings).stream().map(file -> text(parsed, new Path(file))).toList();
    }

    private static boolean isCheckpoint(FileSystem store, Path folder) throws IOException {
        try {
            return store.getFileStatus(new Path(folder, "config.json")).isFile();
        } catch (FileNotFoundException e) {
            return false;
        }
    }

    /** Outputs are named after the folder: one that is called {@code .} has a name of its own. */
    private static String named(StorageLocation folder) {
        return folder.text().endsWith(folder.name()) ? folder.text() : folder.localPath().toString();
    }

    private static String text(StorageLocation asked, Path found) {
        return asked.isLocal() ? found.toUri().getPath() : found.toString();
    }
}
