package io.nightshift.jobs.tasks;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.nightshift.jobs.storage.HadoopSettings;
import io.nightshift.jobs.testing.Fixtures;
import io.nightshift.jobs.testing.S3Server;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KeptResultsTest {
    private static final HadoopSettings LOCAL = new HadoopSettings(Map.of());

    @TempDir
    Path folder;

    private int made;

    private KeptResults kept() {
        return new KeptResults(new WorkFiles(folder.resolve("kept").toUri().toString(), LOCAL));
    }

    private String get(KeptResults kept, String name) throws IOException {
        return kept.get(name, String.class, () -> name + " " + ++made);
    }

    /** What lies there may be another's: of classes that are no values of ours not one is made. */
    @Test
    void whatIsNoValueIsNotRead() throws Exception {
        KeptResults kept = kept();
        kept.keep("path", new File("somewhere"));
        assertEquals(Optional.empty(), kept.find("path", File.class));
        kept.keep("numbers", new double[] {1, 2});
        assertArrayEquals(new double[] {1, 2}, kept.find("numbers", double[].class).orElseThrow());
    }

    @Test
    void whatWasKeptIsNotMadeAgain() throws IOException {
        assertEquals("a 1", get(kept(), "a"));
        assertEquals("b 2", get(kept(), "b"));
        assertEquals("a 1", get(kept(), "a"));
        assertEquals(Set.of("a", "b"), kept().names());
        kept().delete();
        assertFalse(Files.exists(folder.resolve("kept")));
        assertEquals(Set.of(), kept().names());
        assertEquals("a 3", get(kept(), "a"));
    }

    @Test
    void noneKeepsNothing() throws IOException {
        assertEquals("a 1", get(KeptResults.NONE, "a"));
        assertEquals("a 2", get(KeptResults.NONE, "a"));
        assertEquals(Set.of(), KeptResults.NONE.names());
        KeptResults.NONE.delete();
    }

    @Test
    void aFileThatIsDamagedInAnyByteIsMadeAnew() throws IOException {
        assertEquals("a 1", get(kept(), "a"));
        Path file = folder.resolve("kept/a");
        byte[] whole = Files.readAllBytes(file);
        // Hadoop's own checksum would find the damage first.
        Files.delete(folder.resolve("kept/.a.crc"));
        List<byte[]> damaged = new ArrayList<>();
        for (int i = 0; i < whole.length; i++) {
            byte[] changed = whole.clone();
            changed[i] ^= 4;
            damaged.add(changed);
            damaged.add(Arrays.copyOf(whole, i));
        }
        damaged.add(Arrays.copyOf(whole, whole.length + 1));
        for (byte[] bytes : damaged) {
            Files.write(file, bytes);
            assertEquals(Optional.empty(), kept().find("a", String.class));
        }
        assertEquals("a 2", get(kept(), "a"));
        assertEquals("a 2", get(kept(), "a"));
    }

    @Test
    void aFileUnderAnotherNameOrOfAnotherKindIsNotTaken() throws IOException {
        assertEquals("a 1", get(kept(), "a"));
        Files.copy(folder.resolve("kept/a"), folder.resolve("kept/b"));
        assertEquals("b 2", get(kept(), "b"));
        assertEquals(Optional.empty(), kept().find("a", Integer.class));
    }

    @Test
    void aResultThatCannotBeKeptIsUsedAllTheSame() throws IOException {
        Files.writeString(folder.resolve("kept"), "no folder");
        assertEquals("a 1", get(kept(), "a"));
        assertEquals("a 2", get(kept(), "a"));
    }

    @Test
    void attemptsMayKeepTheSameAtTheSameTime() throws Exception {
        byte[] result = new byte[1 << 20];
        Arrays.fill(result, (byte) 7);
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try {
            List<Future<?>> attempts = new ArrayList<>();
            for (int i = 0; i < 40; i++) {
                attempts.add(threads.submit(() -> {
                    kept().keep("a", result);
                    return null;
                }));
            }
            for (Future<?> attempt : attempts) {
                attempt.get();
            }
        } finally {
            threads.shutdownNow();
        }
        assertTrue(Arrays.equals(result, kept().find("a", byte[].class).orElseThrow()));
        assertEquals(2, Fixtures.files(folder.resolve("kept")).size(), "the file and Hadoop's checksum of it");
    }

    @Test
    void resultsAreKeptInAnObjectStore() throws Exception {
        try (S3Server s3 = S3Server.start()) {
            KeptResults kept = new KeptResults(
                    new WorkFiles(s3.location("out/kept"), new HadoopSettings(s3.hadoopOptions())));
            assertEquals(Set.of(), kept.names());
            assertEquals("a 1", get(kept, "a"));
            assertEquals("a 1", get(kept, "a"));
            assertEquals(Set.of("a"), kept.names());
            assertEquals(List.of("out/kept/a"), List.copyOf(s3.keys()));
            byte[] whole = s3.get("out/kept/a");
            s3.put("out/kept/a", Arrays.copyOf(whole, whole.length - 1));
            assertEquals("a 2", get(kept, "a"));
            kept.delete();
            assertEquals(List.of("out/"), List.copyOf(s3.keys()), "S3A marks the folder that is empty now");
        }
    }
}
