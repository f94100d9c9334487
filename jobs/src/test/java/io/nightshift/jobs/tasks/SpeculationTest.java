package io.nightshift.jobs.tasks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.nightshift.jobs.testing.SparkCluster;
import io.nightshift.jobs.testing.StandaloneCluster;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SpeculationTest {
    /** What the slower copy still writes would be left behind by a caller that cleans up. */
    @Test
    void aJobThatSucceededWaitsForTheSlowerCopiesOfItsTasks(@TempDir Path folder) throws IOException {
        Path second = folder.resolve("second-began");
        Path first = folder.resolve("first-ended");
        String secondBegan = second.toString();
        String firstEnded = first.toString();
        try (StandaloneCluster cluster = StandaloneCluster.onTwoHosts();
                JavaSparkContext spark = SparkCluster.of(cluster, Map.of(
                        "spark.speculation", "true",
                        "spark.speculation.interval", "100ms",
                        "spark.speculation.quantile", "0.5",
                        "spark.speculation.multiplier", "1.1"))) {
            List<Integer> results = new TaskRun(spark, "test").run(spark.parallelize(List.of(0, 1), 2),
                    (partition, given, attempt) -> {
                        if (partition == 1 && attempt == 0) {
                            spinUntilThere(Path.of(secondBegan));
                            spin(1_500_000_000L);
                            Files.createFile(Path.of(firstEnded));
                        } else if (partition == 1) {
                            Files.createFile(Path.of(secondBegan));
                        }
                        return attempt;
                    });
            assertEquals(0, results.get(0));
            assertTrue(results.get(1) > 0, results.toString());
            assertTrue(Files.exists(first));
        }
    }

    /** Heeds no interruption, as a task in the middle of a computation. */
    private static void spinUntilThere(Path file) {
        long end = System.nanoTime() + 60_000_000_000L;
        while (!Files.exists(file)) {
            assertTrue(System.nanoTime() < end, "no second copy was started");
        }
    }

    private static void spin(long nanos) {
        long end = System.nanoTime() + nanos;
        while (System.nanoTime() < end) {
            Thread.onSpinWait();
        }
    }
}
