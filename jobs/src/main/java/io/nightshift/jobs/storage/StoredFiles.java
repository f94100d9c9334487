package io.nightshift.jobs.storage;

import io.nightshift.formats.storage.StoredFile;
import org.apache.hadoop.fs.EtagSource;
import org.apache.hadoop.fs.FileStatus;

/** Files as Hadoop describes them. */
public final class StoredFiles {
    private StoredFiles() {}

    /** A file of that name, its version the entity tag where the store gives one, else the modification time. */
    public static StoredFile of(String name, FileStatus status) {
        String tag = status instanceof EtagSource source ? source.getEtag() : null;
        String version = tag != null && !tag.isEmpty() ? tag : String.valueOf(status.getModificationTime());
        return new StoredFile(name, status.getLen(), version);
    }
}
