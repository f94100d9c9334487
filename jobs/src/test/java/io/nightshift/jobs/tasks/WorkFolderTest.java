package io.nightshift.jobs.tasks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.nightshift.jobs.storage.HadoopSettings;
import io.nightshift.jobs.testing.Fixtures;
import io.nightshift.jobs.testing.SparkCluster;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WorkFolderTest {
    private static final HadoopSettings SETTINGS = new HadoopSettings(Map.of());
    private static final String JOB = "1".repeat(16);

    private static JavaSparkContext spark;

    @TempDir
    Path folder;

    @BeforeAll
    static void start() {
        spark = SparkCluster.local(2, Map.of());
    }

    @AfterAll
    static void stop() {
        spark.close();
    }

    /** What a run does with the folder. */
    private interface Use {
        void of(WorkFolder made) throws IOException;
    }

    private void use(Path work) throws IOException {
        use(work, made -> { });
    }

    private void use(Path work, Use use) throws IOException {
        try (WorkFolder made = WorkFolder.create(
                Optional.of(work.toString()), "elsewhere", SETTINGS, spark)) {
            assertTrue(made.location().contains(work.toString()), made.location());
            assertTrue(Files.isDirectory(work));
            use.of(made);
        }
    }

    @Test
    void whatTheRunMadeIsRemoved() throws IOException {
        use(folder.resolve("work"));
        assertFalse(Files.exists(folder.resolve("work")));
    }

    @Test
    void whatTheUserMadeStays() throws IOException {
        Path work = Files.createDirectory(folder.resolve("work"));
        use(work);
        assertTrue(Files.isDirectory(work));
        Path kept = Files.writeString(work.resolve("kept"), "the user's");
        use(work);
        assertEquals(List.of(kept), Fixtures.files(work));
    }

    @Test
    void whatAKilledRunLeftIsRemovedOnceNoRunCanBeThatOld() throws IOException {
        Path work = Files.createDirectory(folder.resolve("work"));
        Instant old = Instant.now().minus(WorkFolder.LONGEST_RUN);
        Path abandoned = Files.createDirectory(work.resolve(WorkFolder.name(old.minusSeconds(60))));
        Files.writeString(abandoned.resolve("factor"), "of a killed run");
        Path running = Files.createDirectory(work.resolve(WorkFolder.name(old.plusSeconds(600))));
        Path other = Files.createDirectory(work.resolve("work-1-of-somebody"));
        use(work);
        assertFalse(Files.exists(abandoned));
        assertTrue(Files.isDirectory(running));
        assertTrue(Files.isDirectory(other));
    }

    @Test
    void whatARunOfThisMachineLeftIsRemovedOnceItsProcessIsDead() throws Exception {
        Path work = Files.createDirectory(folder.resolve("work"));
        RunOwner mine = RunOwner.ofThisProcess();
        Process killed = new ProcessBuilder("true").start();
        killed.waitFor();
        Path ofADeadOne = ownedBy(work, new RunOwner(mine.machine(), killed.pid(), mine.start()));
        Path ofAnEarlierOneOfThatNumber = ownedBy(work, new RunOwner(mine.machine(), mine.process(), mine.start() - 60_000));
        Path running = ownedBy(work, mine);
        Path elsewhere = ownedBy(work, new RunOwner("another/machine", killed.pid(), mine.start()));
        use(work);
        assertFalse(Files.exists(ofADeadOne));
        assertFalse(Files.exists(ofAnEarlierOneOfThatNumber));
        assertTrue(Files.isDirectory(running));
        assertTrue(Files.isDirectory(elsewhere));
    }

    private static Path ownedBy(Path work, RunOwner owner) throws IOException {
        Path made = Files.createDirectory(work.resolve(WorkFolder.name(Instant.now())));
        Files.writeString(made.resolve("owner"), owner.toLine());
        return made;
    }

    @Test
    void keptResultsOutliveTheirRunUntilTheyAreDeletedOrTooOld() throws IOException {
        Path work = folder.resolve("work");
        String digest = "a".repeat(64);
        use(work, made -> made.kept(JOB, digest, false).keep("result", "first"));
        assertTrue(Files.isDirectory(work));
        Instant old = Instant.now().minus(WorkFolder.LONGEST_RUN);
        Path tooOld = Files.createDirectory(work.resolve(WorkFolder.keptName(old.minusSeconds(60), JOB, "b".repeat(64))));
        Path others = Files.createDirectory(work.resolve(WorkFolder.keptName(old.plusSeconds(600), JOB, "c".repeat(64))));
        use(work, made -> {
            assertEquals("first", made.kept(JOB, digest, false).find("result", String.class).orElseThrow());
            assertEquals(Set.of(), made.kept(JOB, "d".repeat(64), false).names());
        });
        assertFalse(Files.exists(tooOld));
        assertTrue(Files.isDirectory(others));
        use(work, made -> assertEquals(Set.of(), made.kept(JOB, digest, true).names()));
        assertEquals(List.of(), Fixtures.files(work));
        use(work, made -> made.kept(JOB, digest, false).keep("result", "second"));
        use(work, made -> made.kept(JOB, digest, false).delete());
        assertEquals(List.of(), Fixtures.files(work));
    }

    @Test
    void whatWasKeptForAJobIsRemovedOnceItIsDone() throws IOException {
        Path work = Files.createDirectory(folder.resolve("work"));
        Path ofIt = Files.createDirectory(work.resolve(WorkFolder.keptName(Instant.now(), JOB, "a".repeat(64))));
        Path ofAnother =
                Files.createDirectory(work.resolve(WorkFolder.keptName(Instant.now(), "2".repeat(16), "b".repeat(64))));
        WorkFolder.sweep(Optional.of(work.toString()), "elsewhere", Optional.empty(), SETTINGS);
        assertTrue(Files.isDirectory(ofIt));
        WorkFolder.sweep(Optional.of(work.toString()), "elsewhere", Optional.of(JOB), SETTINGS);
        assertFalse(Files.exists(ofIt));
        assertTrue(Files.isDirectory(ofAnother));
    }

    @Test
    void foldersAboveThatTheRunMadeAndLeftEmptyAreRemoved() throws IOException {
        use(folder.resolve("output/.nightshift-work"));
        assertFalse(Files.exists(folder.resolve("output")));
    }
}
