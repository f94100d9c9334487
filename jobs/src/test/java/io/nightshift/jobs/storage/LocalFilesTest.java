package io.nightshift.jobs.storage;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.hadoop.fs.permission.FsPermission;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LocalFilesTest {
    @TempDir
    Path folder;

    @Test
    void havePermissionsAsHadoopGivesThem() throws IOException {
        FileSystem files = new HadoopSettings(Map.of("fs.permissions.umask-mode", "027"))
                .fileSystem(StorageLocation.parse(folder.toString()));
        assertInstanceOf(LocalFiles.class, files);
        Path file = folder.resolve("below/a file");
        var path = new org.apache.hadoop.fs.Path(file.toString());
        byte[] content = {1, 2, 3};
        try (OutputStream out = files.create(path, true)) {
            out.write(content);
        }
        assertEquals("rw-r-----", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
        files.setPermission(path, new FsPermission((short) 0511));
        assertEquals("r-x--x--x", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
        files.setPermission(new org.apache.hadoop.fs.Path(folder.resolve("below").toString()), new FsPermission((short) 01711));
        assertEquals(01711, 07777 & (int) Files.getAttribute(folder.resolve("below"), "unix:mode"));
        assertArrayEquals(content, files.open(path).readAllBytes());
    }

    @Test
    void giveWayToTheUsersOwn() throws IOException {
        FileSystem files = new HadoopSettings(Map.of("fs.file.impl", RawLocalFileSystem.class.getName()))
                .fileSystem(StorageLocation.parse(folder.toString()));
        assertInstanceOf(RawLocalFileSystem.class, files);
    }
}
