package io.nightshift.jobs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.nightshift.formats.awq.AwqFormat;
import io.nightshift.formats.awq.AwqOptions;
import io.nightshift.jobs.awq.AwqTarget;
import io.nightshift.jobs.quantize.OutputResult;
import io.nightshift.jobs.rounding.RoundingOptions;
import io.nightshift.jobs.tasks.JobScope;
import io.nightshift.jobs.testing.FamilyRun;
import io.nightshift.jobs.testing.Fixtures;
import io.nightshift.jobs.testing.SparkCluster;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeoutException;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerStageSubmitted;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Which stages ask for cores where an executor has no room for tasks side by side, in a run through all of them; and what Spark's
 * user interface says of their jobs.
 */
class MemoryHeavyStagesTest {
    @TempDir
    Path folder;

    /** The resource profiles of the stages of each job, by its description; 0 is Spark's own. */
    private static final class Profiles extends SparkListener {
        private final Map<String, Set<Integer>> ofJobs = new TreeMap<>();

        @Override
        public synchronized void onStageSubmitted(SparkListenerStageSubmitted submitted) {
            ofJobs.computeIfAbsent(submitted.properties().getProperty("spark.job.description", ""), job -> new TreeSet<>())
                    .add(submitted.stageInfo().resourceProfileId());
        }

        synchronized Set<Integer> of(String words) {
            Set<Integer> found = new TreeSet<>();
            ofJobs.forEach((job, profiles) -> found.addAll(job.contains(words) ? profiles : Set.of()));
            assertTrue(!found.isEmpty(), () -> words + " is not among " + ofJobs.keySet());
            return found;
        }

        synchronized Set<String> jobs() {
            return ofJobs.keySet();
        }
    }

    @Test
    void stagesThatRunTheModelAskForCoresAndOthersDoNot() throws IOException, TimeoutException {
        Path model = Fixtures.family("llama-bias-sharded").toAbsolutePath().normalize();
        RoundingOptions rounding = new RoundingOptions(false, 3, true, 0.001).propagating();
        // Nothing but Spark's own fits beside its share.
        try (JavaSparkContext spark = SparkCluster.oneExecutor(2, Map.of("spark.memory.fraction", "0.91"))) {
            Profiles profiles = new Profiles();
            spark.sc().addSparkListener(profiles);
            FamilyRun run = new FamilyRun(spark, folder);
            OutputResult made;
            try (JobScope scope = JobScope.of(spark, "tiny")) {
                String statistics = run.calibrate(model, 4);
                made = run.make(model, statistics,
                        new AwqTarget(new AwqOptions(AwqFormat.GEMM, 32, false, List.of()), rounding, 1 << 30), "out");
                assertEquals(1, run.evaluate(model, List.of(made)).size());
            }
            spark.sc().listenerBus().waitUntilEmpty(60_000);

            Set<Integer> asked = new TreeSet<>();
            for (String job : List.of("tiny: layer 0: statistics", "tiny: layer 0: hidden states", "factorizing statistics",
                    "tiny: awq:w4g32, blk.0.attention: statistics", "hidden states behind-", model + ", layer 0",
                    made.location() + ", layer 0", "scores of " + made.location())) {
                Set<Integer> found = profiles.of(job);
                assertTrue(!found.contains(0), job + " asks for nothing");
                asked.addAll(found);
            }
            assertEquals(1, asked.size(), "cores of a whole executor are one profile");
            for (String job : List.of("hidden states embedded", "rounding ", "writing ", "verifying ")) {
                assertEquals(Set.of(0), profiles.of(job), job);
            }
            assertEquals(List.of(), profiles.jobs().stream().filter(job -> !job.startsWith("tiny: ")).toList());
        }
    }
}
