package io.nightshift.jobs.tasks;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.nightshift.jobs.storage.StorageException;
import io.nightshift.jobs.storage.StorageLocation;
import io.nightshift.jobs.testing.Fixtures;
import io.nightshift.jobs.testing.SparkCluster;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SharedFolderCheckTest {
    private static JavaSparkContext spark;

    @TempDir
    Path folder;

    @BeforeAll
    static void start() throws IOException {
        spark = SparkCluster.twoExecutors(Map.of());
    }

    @AfterAll
    static void stop() {
        spark.close();
    }

    @Test
    void aFolderThatEveryExecutorSeesIsTaken() {
        assertDoesNotThrow(() -> SharedFolderCheck.requireShared(folder, spark));
        assertDoesNotThrow(() -> SharedFolderCheck.requireShared(folder.resolve("not/there/yet"), spark));
    }

    @Test
    void theCheckLeavesNothing() throws IOException {
        SharedFolderCheck.requireShared(folder.resolve("not/there/yet"), spark);
        assertEquals(List.of(), Fixtures.files(folder));
        assertTrue(Files.notExists(folder.resolve("not")));
    }

    @Test
    void aFileThatAnExecutorDoesNotSeeIsToldWithTheFolder() {
        StorageException error = assertThrows(
                StorageException.class,
                () -> SharedFolderCheck.requireSeen(StorageLocation.parse(folder.toString()), "config.json", spark));
        assertTrue(
                error.getMessage().matches(folder + ": executor \\d+ does not see this folder of the driver; .*"),
                error.getMessage());
    }
}
