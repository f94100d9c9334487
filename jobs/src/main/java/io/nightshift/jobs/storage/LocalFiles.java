package io.nightshift.jobs.storage;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermissions;
import org.apache.hadoop.fs.LocalFileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.hadoop.fs.permission.FsPermission;

/**
 * Hadoop's local file system. Its own sets the permissions of each file and folder by a process of chmod, where there is no
 * native library of Hadoop: two for a file with its checksums, which take longer than the writing.
 */
final class LocalFiles extends LocalFileSystem {
    LocalFiles() {
        super(new Raw());
    }

    private static final class Raw extends RawLocalFileSystem {
        @Override
        public void setPermission(Path path, FsPermission permission) throws IOException {
            java.nio.file.Path file = pathToFile(path).toPath();
            if (permission.getStickyBit() || Files.getFileAttributeView(file, PosixFileAttributeView.class) == null) {
                super.setPermission(path, permission);
                return;
            }
            Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(permission.toString()));
        }
    }
}
