package io.nightshift.jobs.storage;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.nightshift.jobs.testing.S3Server;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileReferenceTest {
    private static final HadoopSettings NONE = new HadoopSettings(Map.of());

    @TempDir
    Path folder;

    @Test
    void findsALocalFile() throws IOException {
        Path file = Files.write(folder.resolve("a b.gguf"), new byte[] {1, 2, 3});
        FileReference found = FileReference.find(file.toString(), NONE);
        assertEquals(3, found.file().length());
        assertArrayEquals(new byte[] {1, 2, 3}, found.folder().read("a b.gguf"));
        assertMessage(folder + "/nothing", NONE, "there is no such file");
        assertMessage(folder.toString(), NONE, "is a folder, not a file");
    }

    @Test
    void findsAnObjectAndReadsOnlyThat() throws Exception {
        try (S3Server s3 = S3Server.start()) {
            s3.put("matrices/a.gguf", new byte[] {1, 2, 3});
            s3.put("matrices/b.gguf", new byte[1000]);
            s3.put("top.gguf", new byte[] {4});
            FileReference found = FileReference.find(s3.location("matrices/a.gguf"), s3.settings());
            assertEquals(List.of(found.file()), found.folder().list());
            assertEquals(s3.location("matrices"), found.folder().location());
            assertArrayEquals(new byte[] {1, 2, 3}, found.folder().read("a.gguf"));
            FileReference top = FileReference.find(s3.location("top.gguf"), s3.settings());
            assertArrayEquals(new byte[] {4}, top.folder().read("top.gguf"));
            assertMessage(s3.location("matrices/c.gguf"), s3.settings(), "is not there");
            assertMessage(s3.location("matrices"), s3.settings(), "is a folder, not a file");
        }
    }

    private static void assertMessage(String location, HadoopSettings settings, String part) {
        IOException error = assertThrows(StorageException.class, () -> FileReference.find(location, settings));
        assertTrue(error.getMessage().contains(location) && error.getMessage().contains(part), error.getMessage());
    }
}
