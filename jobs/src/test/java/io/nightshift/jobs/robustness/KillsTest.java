package io.nightshift.jobs.robustness;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.nightshift.jobs.testing.CommandProcess;
import io.nightshift.jobs.testing.Fixtures;
import io.nightshift.jobs.testing.S3Server;
import io.nightshift.jobs.testing.SparkCluster;
import io.nightshift.jobs.testing.Texts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Drivers and executors that are killed at random moments, the same ones each time as far as a machine can repeat them: where
 * a command has ended by its moment, it is run again and killed at another. The outputs after a rerun are those of a run that
 * nobody killed, and nothing else is left.
 *
 * <p>One kill of a driver always, in an object store; with {@code -Dnightshift.kills=50} so many, and with
 * {@code -Dnightshift.kills.from=25} those from there on.
 */
class KillsTest {
    private static final long SEED = 20261128;
    private static final int FEW = 1;
    private static final int MOST_TRIES = 10;
    private static final String BATCH = "batch";
    private static final long PATIENCE_SECONDS = 900;
    private static final Pattern TIMED = Pattern.compile(
            "\\.nightshift/|\\.crc$|part-|^(state|runs)/|(^|/)(result\\.json|report\\.html|README\\.md|.*\\.svg)$");

    @TempDir
    static Path made;

    private static S3Server s3;
    private static Path model;
    private static Path text;

    /** What is run on the model. */
    private record Job(String name, List<String> command) {
        /** The command that writes to a place. */
        List<String> to(String location) throws IOException {
            if (!name.equals(BATCH)) {
                return join(command, List.of("--model", model.toString(), "--output", location));
            }
            Path manifest = Texts.write(made.resolve("night.yaml"), "output: " + location + "\nmodels: [{model: " + model
                    + ", targets: [gguf:Q4_K_M, awq:w4g32, exl2:4.5], calibration: " + text
                    + ", sequence-length: 64, samples: 4}]\n");
            return join(command, List.of("--manifest", manifest.toString(), "--run-id", "night"));
        }
    }

    /** When a command can be killed, in milliseconds from its start: machines differ, and so does one from run to run. */
    private record Window(long from, long to) {
        long moment(Random random) {
            return from + random.nextLong(Math.max(1, to - from));
        }
    }

    /** What is in a folder or a bucket. */
    private interface Place {
        String location();

        Map<String, String> content() throws IOException;

        void clear() throws IOException;
    }

    @BeforeAll
    static void start() throws Exception {
        s3 = S3Server.startConditional();
        model = Fixtures.family("llama-3.1");
        text = Texts.write(made.resolve("text.txt"), Texts.document(1, 800));
    }

    @AfterAll
    static void stop() throws Exception {
        s3.close();
    }

    private static List<Job> jobs() {
        List<String> calibration =
                List.of("--sequence-length", "64", "--samples", "4", "--groups", "4");
        return List.of(
                new Job("quantize", List.of("quantize", "--to", "gguf:Q4_K_M,gguf:Q8_0,gguf:F16")),
                new Job("awq", join(List.of("quantize", "--to", "awq:w4g32", "--calibration", text.toString()), calibration)),
                new Job("calibrate", join(List.of("calibrate", "--data", text.toString()), calibration)),
                new Job("rounding", join(List.of("quantize", "--to", "gguf:Q4_K_M,gguf:Q2_K", "--scales", "awq", "--rounding",
                        "gptq", "--calibration", text.toString()), calibration)),
                new Job("exl2", join(List.of("quantize", "--to", "exl2:4.5", "--calibration", text.toString()), calibration)),
                new Job(BATCH, List.of(BATCH)));
    }

    private static List<String> join(List<String> first, List<String> second) {
        return Stream.concat(first.stream(), second.stream()).toList();
    }

    @Test
    void aRerunAfterAKillMakesTheSameAndLeavesNothingElse() throws Exception {
        int kills = Integer.getInteger("nightshift.kills", FEW);
        int from = Integer.getInteger("nightshift.kills.from", 0);
        Map<String, Map<String, String>> wanted = new TreeMap<>();
        Map<String, Window> windows = new TreeMap<>();
        Map<String, Integer> done = new TreeMap<>();
        List<String> complaints = new ArrayList<>();
        for (int i = from; i < kills; i++) {
            Job job = jobs().get(i % jobs().size());
            boolean executor = i % 4 == 2;
            boolean remote = !executor && i / jobs().size() % 2 == 1 || kills == FEW;
            Place place = remote ? bucket() : folder(made.resolve("out"));
            String what = job.name() + (remote ? " in S3" : "") + (executor ? ", executor" : ", driver");
            String key = job.name() + remote + executor;
            if (!wanted.containsKey(key)) {
                long start = System.nanoTime();
                assertEquals(0, await(start(job, place, executor)), what);
                long millis = (System.nanoTime() - start) / 1_000_000;
                // From the start of Spark, which takes the first third, to the end.
                windows.put(key, new Window(millis / 4, millis));
                wanted.put(key, place.content());
                assertTrue(wanted.get(key).size() > 1, wanted.toString());
            }
            Random random = new Random(SEED + i);
            long moment = 0;
            Process run = null;
            boolean hit = false;
            for (int tries = 0; tries < MOST_TRIES && !hit; tries++) {
                place.clear();
                moment = windows.get(key).moment(random);
                run = start(job, place, executor);
                if (run.waitFor(moment, TimeUnit.MILLISECONDS)) {
                    windows.put(key, new Window(windows.get(key).from(), moment));
                } else if (kill(run, executor, random)) {
                    hit = true;
                } else {
                    windows.put(key, new Window(moment, windows.get(key).to()));
                }
            }
            assertTrue(hit, what + ": there was never anything to kill");
            done.merge(what, 1, Integer::sum);
            // An executor's work is done by another one: if the command had no failure of it, there is nothing to run again.
            int exitCode = executor && run.exitValue() == 0 ? 0 : await(start(job, place, executor));
            Map<String, String> found = place.content();
            if (exitCode != 0 || !found.equals(wanted.get(key))) {
                complaints.add(what + " after " + moment + " ms: exit code " + exitCode + ", "
                        + difference(wanted.get(key), found) + Files.readString(made.resolve("err")));
            }
            place.clear();
        }
        System.out.println("kills: " + done);
        assertEquals(List.of(), complaints, () -> String.join("\n", complaints));
    }

    private static String difference(Map<String, String> wanted, Map<String, String> found) {
        Map<String, String> missing = new TreeMap<>(wanted);
        missing.entrySet().removeAll(found.entrySet());
        Map<String, String> more = new TreeMap<>(found);
        more.entrySet().removeAll(wanted.entrySet());
        return "missing or other " + missing + ", found " + more;
    }

    /** Kills the driver, or an executor and waits for the end. False if there was none. */
    private static boolean kill(Process run, boolean executor, Random random) throws InterruptedException {
        if (!executor) {
            run.destroyForcibly().waitFor();
            return true;
        }
        List<ProcessHandle> executors = run.descendants()
                .filter(process -> process.info().command().orElse("").endsWith("java"))
                .sorted(Comparator.comparing(ProcessHandle::pid))
                .toList();
        boolean killed = !executors.isEmpty() && executors.get(random.nextInt(executors.size())).destroyForcibly();
        await(run);
        return killed;
    }

    private static Process start(Job job, Place place, boolean executors) throws IOException {
        Map<String, String> properties = new TreeMap<>();
        s3.hadoopOptions().forEach((name, value) -> properties.put("spark.hadoop." + name, value));
        if (executors) {
            properties.putAll(SparkCluster.executorOptions());
        }
        List<String> arguments = join(job.to(place.location()),
                List.of("--master", executors ? SparkCluster.TWO_EXECUTORS : "local[2]"));
        return CommandProcess.start(arguments, properties, made);
    }

    private static int await(Process run) throws InterruptedException {
        if (!run.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
            run.descendants().forEach(ProcessHandle::destroyForcibly);
            run.destroyForcibly();
            return -1;
        }
        return run.exitValue();
    }

    private static Place folder(Path folder) {
        return new Place() {
            @Override
            public String location() {
                return folder.toString();
            }

            @Override
            public Map<String, String> content() throws IOException {
                Map<String, String> content = new TreeMap<>();
                if (!Files.exists(folder)) {
                    return content;
                }
                for (Path file : Fixtures.files(folder)) {
                    add(content, folder.relativize(file).toString(), Files.readAllBytes(file));
                }
                // A folder that is empty is left over, too.
                try (Stream<Path> all = Files.walk(folder)) {
                    all.filter(Files::isDirectory).forEach(path -> content.put(folder.relativize(path) + "/", "folder"));
                }
                return content;
            }

            @Override
            public void clear() throws IOException {
                if (Files.exists(folder)) {
                    try (Stream<Path> all = Files.walk(folder)) {
                        for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
                            Files.delete(path);
                        }
                    }
                }
            }
        };
    }

    private static Place bucket() {
        return new Place() {
            @Override
            public String location() {
                return s3.location("out");
            }

            @Override
            public Map<String, String> content() {
                Map<String, String> content = new TreeMap<>();
                s3.keys().forEach(key -> add(content, key.replaceFirst("^out/", ""), s3.get(key)));
                s3.uploads().forEach(upload -> content.put("upload " + upload, "open"));
                return content;
            }

            @Override
            public void clear() {
                s3.keys().forEach(s3::delete);
                s3.abortUploads();
            }
        };
    }

    /**
     * Records and reports tell when and how fast a file was made, and tables have names drawn by Spark: that they are there
     * is what counts.
     */
    private static void add(Map<String, String> content, String name, byte[] bytes) {
        String stable = name.replaceAll("part-(\\d+)-[0-9a-f-]{36}", "part-$1");
        content.put(stable, TIMED.matcher(stable).find() ? "there" : Fixtures.sha256(bytes));
    }
}
