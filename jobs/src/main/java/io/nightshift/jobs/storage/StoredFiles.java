package io.nightshift.jobs.storage;

import io.nightshift.formats.storage.StoredFile;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.fs.BulkDelete;
import org.apache.hadoop.fs.EtagSource;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/** Files as Hadoop describes them. */
public final class StoredFiles {
    private StoredFiles() {}

    /** A file of that name, its version the entity tag where the store gives one, else the modification time. */
    public static StoredFile of(String name, FileStatus status) {
        String tag = status instanceof EtagSource source ? source.getEtag() : null;
        String version = tag != null && !tag.isEmpty() ? tag : String.valueOf(status.getModificationTime());
        return new StoredFile(name, status.getLen(), version);
    }

    /**
     * Deletes a file; nothing happens where there is none.
     *
     * @throws IOException if it cannot be deleted
     */
    public static void delete(FileSystem store, Path file) throws IOException {
        // S3A's delete(Path) leaves an object for a folder whose last file is gone; this one does not.
        try (BulkDelete bulk = store.createBulkDelete(file.getParent())) {
            for (Map.Entry<Path, String> failure : bulk.bulkDelete(List.of(file))) {
                throw new IOException("cannot be deleted: " + failure.getValue());
            }
        }
    }
}
