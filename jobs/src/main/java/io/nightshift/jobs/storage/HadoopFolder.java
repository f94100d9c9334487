package io.nightshift.jobs.storage;

import io.nightshift.formats.storage.ModelFolder;
import io.nightshift.formats.storage.StoredFile;
import java.io.EOFException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.FutureDataInputStreamBuilder;
import org.apache.hadoop.fs.LocatedFileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RemoteIterator;
import org.apache.hadoop.fs.s3a.S3AFileStatus;
import org.apache.hadoop.util.functional.FutureIO;

/**
 * A folder of a Hadoop file system, with the listing taken once. On S3 a read is one request for exactly the range that
 * is asked for, nothing ahead and no look-up before it, and it fails if the object has another entity tag than it was
 * listed with.
 */
final class HadoopFolder implements ModelFolder {
    private final StorageLocation location;
    private final FileSystem fileSystem;
    private final List<StoredFile> files;
    private final Map<String, StoredFile> byName = new TreeMap<>();

    HadoopFolder(StorageLocation location, FileSystem fileSystem, List<StoredFile> files) {
        this.location = location;
        this.fileSystem = fileSystem;
        this.files = List.copyOf(files);
        files.forEach(file -> byName.put(file.name(), file));
    }

    /** Lists a folder's files, sorted by name. */
    static List<StoredFile> list(StorageLocation location, FileSystem fileSystem) throws IOException {
        List<StoredFile> files = new ArrayList<>();
        RemoteIterator<LocatedFileStatus> all = fileSystem.listLocatedStatus(location.hadoopPath());
        while (all.hasNext()) {
            FileStatus status = all.next();
            if (status.isFile()) {
                files.add(StoredFiles.of(status.getPath().getName(), status));
            }
        }
        files.sort(Comparator.comparing(StoredFile::name));
        return files;
    }

    @Override
    public String location() {
        return location.text();
    }

    @Override
    public String name() {
        return location.name();
    }

    @Override
    public List<StoredFile> list() {
        return files;
    }

    @Override
    public List<String> subfolders() throws IOException {
        List<String> names = new ArrayList<>();
        try {
            for (FileStatus status : fileSystem.listStatus(location.hadoopPath())) {
                if (status.isDirectory() && !status.getPath().getName().startsWith(".")) {
                    names.add(status.getPath().getName());
                }
            }
        } catch (IOException | RuntimeException e) {
            throw StorageErrors.explain(location.text(), e);
        }
        names.sort(Comparator.naturalOrder());
        return names;
    }

    @Override
    public Optional<ModelFolder> subfolder(String name) throws IOException {
        StorageLocation folder = new StorageLocation(location.text() + "/" + name, location.scheme());
        try {
            return Optional.of(new HadoopFolder(folder, fileSystem, list(folder, fileSystem)));
        } catch (FileNotFoundException e) {
            return Optional.empty();
        } catch (IOException | RuntimeException e) {
            throw StorageErrors.explain(folder.text(), e);
        }
    }

    @Override
    public void readFully(String file, long position, byte[] into, int offset, int length) throws IOException {
        StoredFile stored = byName.get(file);
        if (stored == null) {
            throw new StorageException(location.text() + "/" + file, "is not there");
        }
        if (position < 0 || position > stored.length() - length) {
            throw new EOFException(location.text() + "/" + file + ": has " + stored.length() + " bytes, and " + length
                    + " at " + position + " were to be read");
        }
        if (length == 0) {
            return;
        }
        try (FSDataInputStream in = open(stored)) {
            in.readFully(position, into, offset, length);
        } catch (IOException | RuntimeException e) {
            throw StorageErrors.explain(location.text() + "/" + file, e);
        }
    }

    private FSDataInputStream open(StoredFile file) throws IOException {
        Path path = new Path(location.hadoopPath(), file.name());
        FutureDataInputStreamBuilder builder = fileSystem.openFile(path)
                .opt("fs.option.openfile.read.policy", "random")
                .opt("fs.s3a.readahead.range", "0");
        if (location.scheme().equals("s3a")) {
            // Spares the look-up, and makes the request conditional on the tag.
            builder.withFileStatus(new S3AFileStatus(file.length(), 0, path, 0, "", file.version(), null));
        } else {
            builder.opt("fs.option.openfile.length", Long.toString(file.length()));
        }
        return FutureIO.awaitFuture(builder.build());
    }
}
