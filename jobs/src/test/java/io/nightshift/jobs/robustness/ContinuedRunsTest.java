package io.nightshift.jobs.robustness;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.nightshift.jobs.testing.CalibratedSample;
import io.nightshift.jobs.testing.CommandProcess;
import io.nightshift.jobs.testing.CommandRun;
import io.nightshift.jobs.testing.Fixtures;
import io.nightshift.jobs.testing.S3Server;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A driver that writes to an object store and is killed in its last phase: the run after that finds what was done in all
 * phases, and makes what a run makes that nobody kills. KeptWorkTest has the phases one by one.
 */
class ContinuedRunsTest {
    private static final String OUTPUT = "llama-bias-sharded-EXL2-4.0bpw";

    /** Rounded blocks of rows that are waited for, before the kill. */
    private static final int ENOUGH = 2;

    /** Whole ones: S3Proxy lists an object that is being put, too, with a random end to its name. */
    private static final Pattern BLOCK = Pattern.compile("/kept-.*/block-[^-/]+-\\d+-\\d+$");

    @TempDir
    static Path shared;

    private static String model;
    private static Map<String, String> wanted;

    @TempDir
    Path folder;

    @BeforeAll
    static void makeUndisturbed() throws IOException {
        model = Fixtures.family("llama-bias-sharded").toString();
        CalibratedSample.write(model, shared, shared.resolve("stats"));
        CommandRun made = CommandRun.of(arguments(shared.resolve("stats").toString(), shared.resolve("out").toString()));
        assertEquals(0, made.exitCode(), made.err());
        wanted = new TreeMap<>();
        for (Path file : Fixtures.files(shared.resolve("out").resolve(OUTPUT))) {
            wanted.put(file.getFileName().toString(), Fixtures.sha256(file));
        }
        assertTrue(wanted.containsKey("config.json"), wanted.toString());
    }

    private static String[] arguments(String stats, String output) {
        return new String[] {"quantize", "--model", model, "--stats", stats, "--to", "exl2:4", "--awq-grid", "3",
                "--output", output, "--master", "local[2]"};
    }

    private static String[] arguments(S3Server s3) {
        return arguments(shared.resolve("stats").toString(), s3.location("out"));
    }

    private Process start(S3Server s3) throws IOException {
        Map<String, String> properties = new TreeMap<>();
        s3.hadoopOptions().forEach((name, value) -> properties.put("spark.hadoop." + name, value));
        return CommandProcess.start(List.of(arguments(s3)), properties, folder);
    }

    private String said() {
        try {
            return Files.readString(folder.resolve("err"));
        } catch (IOException e) {
            return e.toString();
        }
    }

    private static long keptBlocks(S3Server s3) {
        return s3.keys().stream().filter(key -> BLOCK.matcher(key).find()).count();
    }

    private static void checkFound(String said) {
        assertEquals(List.of("groups of scales", "measured units", "blocks of rows"), found(said, 0), said);
        // All that was done before the phase in which the kill came.
        assertEquals(found(said, 2).subList(0, 2), found(said, 1).subList(0, 2), said);
        assertTrue(Integer.parseInt(found(said, 1).get(2)) >= ENOUGH, said);
        // Seven linear layers in each of three layers, and the head.
        assertEquals("22", found(said, 2).get(2), said);
    }

    /** Of each line that says what was found: what, how many, of how many. */
    private static List<String> found(String said, int which) {
        List<String> found = new ArrayList<>();
        Matcher lines = Pattern.compile("found (\\d+) of (\\d+) (.*) of a run that was cut off").matcher(said);
        while (lines.find()) {
            found.add(List.of(lines.group(3), lines.group(1), lines.group(2)).get(which));
        }
        return found;
    }

    @Test
    void aJobThatIsKilledInItsLastPhaseGoesOnWhereItWas() throws Exception {
        try (S3Server s3 = S3Server.start()) {
            Process killed = start(s3);
            while (keptBlocks(s3) < ENOUGH) {
                assertTrue(killed.isAlive(), () -> "ended before there were blocks: " + said());
                TimeUnit.MILLISECONDS.sleep(2);
            }
            killed.destroyForcibly().waitFor();
            assertEquals(List.of(), s3.keys().stream().filter(key -> key.endsWith("/config.json")).toList());
            CommandRun next = CommandRun.with(s3.hadoopOptions(), arguments(s3));
            assertEquals(0, next.exitCode(), next.err());
            checkFound(next.err());
            Map<String, String> made = new TreeMap<>();
            for (String key : s3.keys()) {
                if (key.startsWith("out/" + OUTPUT + "/")) {
                    made.put(key.substring(key.lastIndexOf('/') + 1), Fixtures.sha256(s3.get(key)));
                }
            }
            assertEquals(wanted, made);
            assertEquals(List.of(), s3.keys().stream().filter(key -> key.contains("nightshift-work")).toList());
            assertEquals(List.of(), s3.uploads());
        }
    }
}
