package io.nightshift.jobs.batch.files;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.nightshift.jobs.storage.HadoopSettings;
import io.nightshift.jobs.storage.StorageException;
import io.nightshift.jobs.storage.StorageLocation;
import io.nightshift.jobs.testing.S3Server;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NightFilesTest {
    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static void check(NightFiles files) throws Exception {
        assertEquals(List.of(), files.list(""));
        assertEquals(Optional.empty(), files.read("a/b.json"));
        files.write("a/b.json", bytes("one"));
        files.write("a/b.json", bytes("two"));
        files.write("a/c/d.json", bytes("three"));
        assertArrayEquals(bytes("two"), files.read("a/b.json").orElseThrow());
        assertEquals(List.of("a/b.json", "a/c/d.json"), files.list("a").stream().map(NightFiles.Entry::name).toList());
        assertEquals(5, files.list("a/c").get(0).bytes());
        assertFalse(files.create("a/b.json", bytes("mine")));
        assertArrayEquals(bytes("two"), files.read("a/b.json").orElseThrow());
        files.delete("a/b.json");
        files.delete("a/b.json");
        files.delete("a/c/d.json");
        assertEquals(List.of(), files.list(""));
        assertTrue(files.create("a/b.json", bytes("mine")));
        assertEquals(Optional.empty(), files.read("gone"));
        assertTrue(assertThrows(StorageException.class, () -> files.open("gone").read()).getMessage()
                .startsWith(files.location("gone") + ": is not there"));
        assertEquals(1, winners(files), "of those that make a file at once, one does");
    }

    private static long winners(NightFiles files) throws Exception {
        int contenders = 8;
        CyclicBarrier start = new CyclicBarrier(contenders);
        ExecutorService threads = Executors.newFixedThreadPool(contenders);
        try {
            List<Callable<Boolean>> tasks = new ArrayList<>();
            for (int i = 0; i < contenders; i++) {
                byte[] content = bytes("contender " + i);
                tasks.add(() -> {
                    start.await();
                    return files.create("race.json", content);
                });
            }
            long made = 0;
            for (Future<Boolean> result : threads.invokeAll(tasks)) {
                made += result.get() ? 1 : 0;
            }
            return made;
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    void localFilesAreWrittenInOneStep(@TempDir Path folder) throws Exception {
        check(NightFiles.open(folder.resolve("new/night").toString(), new HadoopSettings(Map.of())));
    }

    /** As on HDFS: neither is a moment without the file, nor is a rename that fails passed over. */
    @Test
    void filesOfOtherFileSystemsAreReplacedInOneStep(@TempDir Path folder) throws Exception {
        StorageLocation location = StorageLocation.parse(folder.toString());
        NightFiles files = new HadoopNightFiles(location, new HadoopSettings(Map.of()).fileSystem(location));
        files.write("a/b.json", bytes("one"));
        files.write("a/b.json", bytes("two"));
        assertArrayEquals(bytes("two"), files.read("a/b.json").orElseThrow());
        files.write("a/c/d.json", bytes("three"));
        assertThrows(StorageException.class, () -> files.write("a/c", bytes("four")));
        assertArrayEquals(bytes("three"), files.read("a/c/d.json").orElseThrow());
        files.delete("a/b.json");
        files.delete("a/b.json");
        assertEquals(Optional.empty(), files.read("a/b.json"));
    }

    @Test
    void whatCannotBeWrittenSaysWhatToDo(@TempDir Path folder) throws Exception {
        NightFiles files = NightFiles.open(folder.toString(), new HadoopSettings(Map.of()));
        files.write("a/b.json", bytes("one"));
        String message = assertThrows(StorageException.class, () -> files.write("a", bytes("two"))).getMessage();
        assertTrue(message.startsWith(files.location("a") + ": cannot be written: "), message);
        assertTrue(message.endsWith("; choose another output folder"), message);
        assertEquals(List.of("a/b.json"), files.list("").stream().map(NightFiles.Entry::name).toList());
    }

    @Test
    void objectsAreMadeByAConditionalRequest() throws Exception {
        try (S3Server s3 = S3Server.startConditional()) {
            check(NightFiles.open(s3.location("night"), s3.settings()));
            assertEquals(List.of("night/a/b.json", "night/race.json"), s3.keys(), "nothing stands for a folder");
        }
    }

    @Test
    void aStoreWithoutConditionalRequestsIsRefused() throws Exception {
        try (S3Server s3 = S3Server.start()) {
            NightFiles files = NightFiles.open(s3.location("night"), s3.settings());
            assertEquals(s3.location("night/lease") + ": the store has no conditional create (If-None-Match), which keeps two"
                            + " runs from writing to one output; use one that has",
                    assertThrows(StorageException.class, () -> files.create("lease", bytes("mine"))).getMessage());
        }
    }
}
