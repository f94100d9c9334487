package io.nightshift.jobs.tasks;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.nightshift.jobs.storage.HadoopSettings;
import io.nightshift.jobs.storage.StorageException;
import io.nightshift.jobs.testing.S3Server;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files of a work folder: whole or not there, and errors that say where. */
class WorkFilesTest {
    private static final byte[] CONTENT = {1, 2, 3};

    @TempDir
    Path folder;

    private WorkFiles local() {
        return new WorkFiles(folder.toUri().toString(), new HadoopSettings(Map.of()));
    }

    @Test
    void aFullDiskIsToldByTheFolder() throws IOException {
        Path full = Path.of("/dev/full");
        assumeTrue(Files.exists(full), "there is no /dev/full here");
        Files.createSymbolicLink(folder.resolve("states"), full);
        IOException error = assertThrows(StorageException.class, () -> {
            try (DataOutputStream out = local().write("states")) {
                out.write(CONTENT);
            }
        });
        assertTrue(error.getMessage().startsWith(local().folder() + ": "), error.getMessage());
        assertTrue(error.getMessage().contains("No space left on device"), error.getMessage());
    }

    @Test
    void whatCannotBeMadeIsToldByTheFolder() throws IOException {
        Files.write(folder.resolve("file"), CONTENT);
        WorkFiles files = new WorkFiles(local().folder() + "/file", local().settings());
        for (IOException error : new IOException[] {
                assertThrows(IOException.class, () -> files.put("factor", CONTENT)),
                assertThrows(IOException.class, () -> files.write("states"))}) {
            assertTrue(error.getMessage().startsWith(files.folder() + ": "), error.getMessage());
        }
    }

    @Test
    void contentThatEndsInAnErrorIsNotThereInAFolder() throws IOException {
        assertIsNotThere(local());
    }

    @Test
    void contentThatEndsInAnErrorIsNotThereInAStore() throws Exception {
        try (S3Server server = S3Server.start()) {
            assertIsNotThere(new WorkFiles(server.location("work"), server.settings()));
        }
    }

    private static void assertIsNotThere(WorkFiles files) throws IOException {
        files.put("whole", CONTENT);
        IOException error = assertThrows(IOException.class, () -> files.put("half", out -> {
            out.write(CONTENT);
            out.flush();
            throw new IOException("the other half cannot be made");
        }));
        assertTrue(error.getMessage().contains("the other half cannot be made"), error.getMessage());
        assertEquals(Set.of("whole"), files.names());
        assertFalse(files.exists("half"));
        try (DataInputStream in = files.read("whole")) {
            assertArrayEquals(CONTENT, in.readAllBytes());
        }
    }
}
