package io.nightshift.formats.storage;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.EOFException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LocalFolderTest {
    @TempDir
    Path path;

    @Test
    void filesAreListedByNameWithoutFolders() throws IOException {
        Files.writeString(path.resolve("b.json"), "12345");
        Files.writeString(path.resolve("a.json"), "1");
        Files.createDirectory(path.resolve("c"));

        LocalFolder folder = new LocalFolder(path);

        assertEquals("[a.json, b.json]", folder.list().stream().map(StoredFile::name).toList().toString());
        assertEquals(5, folder.find("b.json").orElseThrow().length());
        assertFalse(folder.find("c").isPresent());
        assertArrayEquals("12345".getBytes(), folder.read("b.json"));
    }

    @Test
    void aFileThatChangesChangesItsVersion() throws IOException {
        Path file = Files.writeString(path.resolve("a"), "1");
        LocalFolder folder = new LocalFolder(path);
        String before = folder.list().get(0).version();

        Files.setLastModifiedTime(file, FileTime.fromMillis(1_000_000));

        assertFalse(before.equals(folder.list().get(0).version()));
    }

    @Test
    void rangesAreReadWhereTheyBelong() throws IOException {
        Files.writeString(path.resolve("a"), "0123456789");
        byte[] into = "......".getBytes();

        new LocalFolder(path).readFully("a", 3, into, 1, 4);

        assertEquals(".3456.", new String(into));
    }

    @Test
    void theNameIsTheLastPartOfThePath() {
        assertEquals("tiny", new LocalFolder(Path.of("models/tiny")).name());
        assertEquals("tiny", new LocalFolder(Path.of("models/tiny/.")).name());
        assertEquals("models/tiny", new LocalFolder(Path.of("models/tiny")).location());
    }

    @Test
    void errorsNameThePath() throws IOException {
        LocalFolder folder = new LocalFolder(path);
        Path file = Files.writeString(path.resolve("a"), "0123456789");

        assertMessage(file + ": ends at byte 10, within the range of 4 bytes from 8",
                assertThrows(EOFException.class, () -> folder.readFully("a", 8, new byte[4], 0, 4)));
        assertMessage(path.resolve("x") + ": there is no such file",
                assertThrows(IOException.class, () -> folder.readFully("x", 0, new byte[4], 0, 4)));
        assertMessage(path + ": there is no file x", assertThrows(IOException.class, () -> folder.read("x")));
        assertMessage(path.resolve("none") + ": there is no such folder",
                assertThrows(IOException.class, () -> new LocalFolder(path.resolve("none")).list()));
        assertMessage(file + ": is a file, not a folder",
                assertThrows(IOException.class, () -> new LocalFolder(file).list()));
    }

    private static void assertMessage(String expected, IOException actual) {
        assertTrue(actual.getMessage().contains(expected), actual.getMessage());
    }
}
