package io.nightshift.jobs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.nightshift.jobs.testing.CommandRun;
import io.nightshift.jobs.testing.Fixtures;
import io.nightshift.jobs.testing.S3Server;
import io.nightshift.jobs.testing.Texts;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Commands that write to a store which wants parts of equal length with consecutive numbers. */
class EqualPartsRunTest {
    private static final String EQUAL = "nightshift.output.equal.parts";

    @TempDir
    Path folder;

    private static Map<String, String> options(S3Server s3) {
        Map<String, String> options = new TreeMap<>(s3.hadoopOptions());
        options.put(EQUAL, "true");
        return options;
    }

    /** Outputs of both formats, statistics with Gram matrices, and base logits. */
    private void make(Map<String, String> options, String location) throws Exception {
        String text = Texts.write(folder.resolve("text.txt"), Texts.document(1, 800)).toString();
        for (List<String> command : List.of(
                List.of("quantize", "--to", "gguf:F32,gguf:Q8_0,awq:w4g32", "--scales", "none", "--rounding", "nearest",
                        "--part-size", "6M", "--output", location),
                List.of("calibrate", "--data", text, "--sequence-length", "64", "--samples", "4", "--output",
                        location + "/stats"),
                List.of("evaluate", "--data", text, "--context", "512", "--chunks", "12", "--save-base-logits",
                        location + "/base.logits"))) {
            List<String> all = new ArrayList<>(command);
            all.addAll(List.of("--model", "../samples/tiny-llama", "--master", "local[2]"));
            CommandRun made = CommandRun.with(options, all.toArray(String[]::new));
            assertEquals(0, made.exitCode(), made.err());
        }
    }

    @Test
    void everyOutputIsWhatItIsElsewhere() throws Exception {
        Path local = folder.resolve("out");
        make(Map.of(), local.toString());
        Map<String, String> expected = new TreeMap<>();
        for (Path file : Fixtures.files(local)) {
            expected.put(file.toString().substring(folder.toString().length() + 1), Fixtures.sha256(file));
        }
        expected.keySet().removeIf(name -> name.contains(".nightshift/"));
        assertTrue(expected.containsKey("out/base.logits"), expected.toString());
        try (S3Server s3 = S3Server.startDemandingEqualParts()) {
            make(options(s3), s3.location("out"));
            Map<String, String> found = new TreeMap<>();
            s3.keys().forEach(key -> found.put(key, Fixtures.sha256(s3.get(key))));
            assertTrue(found.keySet().stream().noneMatch(key -> key.contains("seams")), found.toString());
            found.keySet().removeIf(name -> name.contains(".nightshift/"));
            assertEquals(expected, found);
            assertEquals(List.of(), s3.uploads());
        }
    }

    @Test
    void speculationIsRefused() throws Exception {
        System.setProperty("spark.speculation", "true");
        try (S3Server s3 = S3Server.startDemandingEqualParts()) {
            CommandRun refused = CommandRun.with(options(s3), "quantize", "--model", "../samples/tiny-llama", "--to", "gguf:Q8_0",
                    "--output", s3.location("out"), "--master", "local[2]");
            assertEquals(2, refused.exitCode(), refused.err());
            assertTrue(refused.err().lines().anyMatch(line -> line.startsWith("nightshift: spark.speculation: with " + EQUAL)),
                    refused.err());
            assertEquals(0, s3.keys().size());
        } finally {
            System.clearProperty("spark.speculation");
        }
    }
}
