package io.nightshift.jobs.output;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.nightshift.jobs.storage.HadoopSettings;
import io.nightshift.jobs.storage.StorageException;
import io.nightshift.jobs.testing.Fixtures;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

class LocalOutputTest extends OutputContract {
    @TempDir
    Path parent;

    private Path folder() {
        return parent.resolve("quantized/llama");
    }

    @Override
    OutputFolder open() throws IOException {
        return open(folder());
    }

    private static OutputFolder open(Path folder) throws IOException {
        return OutputFolder.open(folder.toString(), new HadoopSettings(Map.of()));
    }

    @Override
    Optional<byte[]> content(String name) throws IOException {
        Path file = folder().resolve(name);
        return Files.exists(file) ? Optional.of(Files.readAllBytes(file)) : Optional.empty();
    }

    @Override
    void put(String name, byte[] content) throws IOException {
        Files.createDirectories(folder().resolve(name).getParent());
        Files.write(folder().resolve(name), content);
    }

    @Override
    Set<String> everything() throws IOException {
        Set<String> files = new TreeSet<>();
        for (Path file : Fixtures.files(parent)) {
            files.add(folder().relativize(file).toString());
        }
        return files;
    }

    @Override
    void startForeignUpload(String name) throws IOException {
        put(".nightshift/" + name + "." + UUID.randomUUID() + ".partial", new byte[] {1});
    }

    @Test
    void abortRemovesTheFoldersThatTheRunMadeAndNoOther() throws IOException {
        OutputFile file = file();
        write(file.begin(3), 0, 0);
        file.abort();
        assertFalse(Files.exists(parent.resolve("quantized")));

        Files.createDirectories(folder());
        OutputFile again = file();
        write(again.begin(3), 0, 0);
        again.abort();
        assertTrue(Files.isDirectory(folder()));
        assertFalse(Files.exists(folder().resolve(".nightshift")));
    }

    /** S3 refuses them too; the server of the tests does not. */
    @Test
    void attemptsThatStillRunAfterAnAbortFail() throws IOException {
        OutputFile file = file();
        PartSink sink = file.begin(3);
        file.abort();
        for (int attempt = 0; attempt < 2; attempt++) {
            int late = attempt;
            StorageException error = assertThrows(StorageException.class, () -> write(sink, 2, late));
            assertTrue(error.getMessage().startsWith(folder() + "/" + NAME + ": "), error.getMessage());
        }
        assertEquals(Set.of(), everything());
    }

    @Test
    void aDamagedFileIsNotCompleteEvenIfItsTimeIsTheSame() throws IOException {
        OutputFile file = file();
        file.commit(writeAll(file.begin(3)));
        FileTime time = Files.getLastModifiedTime(folder().resolve(NAME));
        byte[] content = content(NAME).orElseThrow();
        content[content.length - 1] ^= 1;
        put(NAME, content);
        Files.setLastModifiedTime(folder().resolve(NAME), time);
        assertFalse(file().isComplete());
    }

    @Test
    void aFileInTheWayIsNamed() throws IOException {
        Path inTheWay = Files.write(parent.resolve("file"), new byte[1]);
        OutputFile file = open(inTheWay.resolve("out")).file(spec("plan"));
        assertFalse(file.isComplete());
        StorageException error = assertThrows(StorageException.class, () -> file.begin(3));
        assertTrue(error.getMessage().contains(inTheWay + " is a file, where a folder has to be"), error.getMessage());
        assertEquals(Set.of("../../file"), everything());
    }

    @Test
    void aFolderOfTheFilesNameIsNotReplaced() throws IOException {
        put(NAME + "/kept", new byte[1]);
        OutputFile file = file();
        for (Executable work : List.<Executable>of(file::isComplete, () -> file.begin(3))) {
            StorageException error = assertThrows(StorageException.class, work);
            assertEquals(folder() + "/" + NAME + ": is a folder, where a file is to be made; move it away or choose another"
                    + " output folder", error.getMessage());
        }
        assertEquals(Set.of(NAME + "/kept"), everything());
    }

    @Test
    void aFileThatNoRunMadeIsNotReplacedUnlessTheUserWantsThat() throws IOException {
        put(NAME, new byte[] {1, 2, 3});
        StorageException error = assertThrows(StorageException.class, () -> file().isComplete());
        assertEquals(folder() + "/" + NAME + ": is there already, and no run of nightshift made it: move it away, choose"
                + " another output folder, or replace it with --overwrite", error.getMessage());
        assertEquals(Set.of(NAME), everything());
        OutputFile file = file();
        file.commit(writeAll(file.begin(3)));
        assertTrue(file().isComplete());
    }

    /** A kill between the two leaves what the next run finds by its record. */
    @Test
    void anUploadIsRecordedBeforeItsFileIsMade() throws IOException {
        LocalOutputStore store = new LocalOutputStore("out", folder());
        assertThrows(IllegalStateException.class, () -> store.start(NAME, id -> {
            assertEquals(Set.of(), everything());
            throw new IllegalStateException("killed");
        }));
    }

    /** A path that is a folder's cannot be replaced by a file, as a full disk lets no file be written. */
    @Test
    void aRecordThatCannotBeWrittenLeavesNothing() throws IOException {
        put(".nightshift/" + NAME + ".upload.json/kept", new byte[1]);
        assertThrows(StorageException.class, () -> file().begin(3));
        assertEquals(Set.of(".nightshift/" + NAME + ".upload.json/kept"), everything());
    }

    @Test
    void aRunWhoseOutputAnotherOneTookOverIsToldSo() throws IOException {
        OutputFile first = file();
        PartSink sink = first.begin(3);
        OutputFile second = file();
        second.begin(3);
        StorageException error = assertThrows(StorageException.class, () -> write(sink, 0, 0));
        assertTrue(error.getMessage().contains("another run makes the same output and took over"), error.getMessage());
        second.abort();
        assertEquals(Set.of(), everything());
    }
}
