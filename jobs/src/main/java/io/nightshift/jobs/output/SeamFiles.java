package io.nightshift.jobs.output;

import io.nightshift.formats.Sha256;
import io.nightshift.jobs.storage.StorageErrors;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.fs.BulkDelete;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * Small objects beside the records of an output: pieces of its parts that several tasks write of. They go when the file is
 * committed or given up, and those of late tasks when it is looked at again.
 *
 * @param upload what they are for
 */
record SeamFiles(PartUpload upload) implements Serializable {
    /**
     * A name for what an attempt wrote of a part of the grid.
     *
     * @param index in the grid
     * @param part that the attempt is at
     */
    static String name(int index, Part part, int attempt) {
        return index + "-" + part.index() + "-" + attempt;
    }

    void write(String name, BlockBuffer bytes) throws IOException {
        Path path = new Path(folder(), name);
        try (OutputStream out = fileSystem().create(path, true); InputStream in = bytes.stream()) {
            in.transferTo(out);
        } catch (IOException | RuntimeException e) {
            throw StorageErrors.explain(path.toString(), e);
        }
    }

    /** Appends what stands in a file. */
    void read(String name, BlockBuffer into) throws IOException {
        Path path = new Path(folder(), name);
        byte[] bytes = new byte[256 << 10];
        try (InputStream in = fileSystem().open(path)) {
            for (int count = in.read(bytes); count >= 0; count = in.read(bytes)) {
                into.append(bytes, 0, count);
            }
        } catch (IOException | RuntimeException e) {
            throw StorageErrors.explain(path.toString(), e);
        }
    }

    /** Deletes those of this upload. */
    void delete() throws IOException {
        delete(folder());
    }

    /** Deletes those of every upload of the file: what another run is at fails then. */
    void deleteOfAll() throws IOException {
        for (FileStatus found : list(ofFile())) {
            delete(found.getPath());
        }
    }

    private void delete(Path folder) throws IOException {
        List<Path> found = new ArrayList<>();
        for (FileStatus file : list(folder)) {
            found.add(file.getPath());
        }
        if (found.isEmpty()) {
            return;
        }
        try (BulkDelete bulk = fileSystem().createBulkDelete(folder)) {
            for (int from = 0; from < found.size(); from += bulk.pageSize()) {
                List<Path> page = found.subList(from, Math.min(found.size(), from + bulk.pageSize()));
                for (Map.Entry<Path, String> failure : bulk.bulkDelete(page)) {
                    throw new IOException(failure.getKey() + " cannot be deleted: " + failure.getValue());
                }
            }
        }
    }

    private FileStatus[] list(Path folder) throws IOException {
        try {
            return fileSystem().listStatus(folder);
        } catch (FileNotFoundException e) {
            return new FileStatus[0];
        }
    }

    private Path ofFile() {
        return new Path(upload.folder().hadoopPath(), OutputRecords.FOLDER + upload.name() + ".seams");
    }

    /** Late tasks of a run that another one took over from must not mix theirs with its. */
    private Path folder() {
        return new Path(ofFile(), new Sha256().add(upload.id()).hexadecimal().substring(0, 16));
    }

    private FileSystem fileSystem() throws IOException {
        return upload.settings().fileSystem(upload.folder());
    }
}
