package io.nightshift.jobs.output;

import io.nightshift.jobs.storage.StorageErrors;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.fs.BulkDelete;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * Small objects beside the records of an output: pieces of its parts that several tasks write of. They go when the file is
 * committed or given up.
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

    /** Deletes all of them, those of runs that were cut off, too. */
    void deleteAll() throws IOException {
        FileSystem store = fileSystem();
        Path folder = folder();
        List<Path> found = new ArrayList<>();
        try {
            for (FileStatus file : store.listStatus(folder)) {
                found.add(file.getPath());
            }
        } catch (FileNotFoundException e) {
            return;
        }
        try (BulkDelete bulk = store.createBulkDelete(folder)) {
            for (int from = 0; from < found.size(); from += bulk.pageSize()) {
                bulk.bulkDelete(found.subList(from, Math.min(found.size(), from + bulk.pageSize())));
            }
        }
    }

    private Path folder() {
        return new Path(upload.folder().hadoopPath(), OutputRecords.FOLDER + upload.name() + ".seams");
    }

    private FileSystem fileSystem() throws IOException {
        return upload.settings().fileSystem(upload.folder());
    }
}
