package io.nightshift.jobs.quantize;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.awq.AwqFormat;
import io.nightshift.formats.awq.AwqOptions;
import io.nightshift.jobs.awq.AwqTarget;
import io.nightshift.jobs.exl2.BlockError;
import io.nightshift.jobs.exl2.Exl2Target;
import io.nightshift.jobs.quantize.QuantizeRequest.Settings;
import io.nightshift.jobs.rounding.RoundingOptions;
import io.nightshift.jobs.storage.HadoopSettings;
import io.nightshift.jobs.tasks.Progress;
import io.nightshift.jobs.testing.CalibratedSample;
import io.nightshift.jobs.testing.Fixtures;
import io.nightshift.jobs.testing.SparkCluster;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs that are cut off when all of their rows are rounded, before anything is committed. */
class KeptWorkTest {
    private static final HadoopSettings SETTINGS = new HadoopSettings(Map.of());
    private static final RoundingOptions SCALED = new RoundingOptions(true, 3, true, RoundingOptions.DEFAULT_DAMPING);

    /** Four of each of two layers; the head is the embedding, which has no scales. */
    private static final int GROUPS = 8;
    private static final String ALL_GROUPS = GROUPS + " of " + GROUPS + " groups of scales";

    private static JavaSparkContext spark;
    private static String model;

    @TempDir
    static Path shared;

    @TempDir
    Path folder;

    @BeforeAll
    static void calibrate() throws IOException {
        model = Fixtures.family("llama-3.1").toString();
        CalibratedSample.write(model, shared, shared.resolve("stats"));
        spark = SparkCluster.local(2, Map.of());
    }

    @AfterAll
    static void stop() {
        spark.close();
    }

    /** What a run says. */
    private static final class Told implements Progress {
        private final List<String> lines = new ArrayList<>();
        private final Exception failure;

        Told(Exception failure) {
            this.failure = failure;
        }

        @Override
        public void found(int count, int all, String what) {
            lines.add(count + " of " + all + " " + what);
        }

        @Override
        public void phase(String name) {
            lines.add(name);
        }

        @Override
        public void committing(String location) throws IOException {
            if (failure instanceof IOException e) {
                throw e;
            }
            if (failure instanceof InvalidModelException e) {
                throw e;
            }
        }
    }

    private static Exl2Target exl2(double bits) {
        return exl2(bits, SCALED);
    }

    private static Exl2Target exl2(double bits, RoundingOptions rounding) {
        return new Exl2Target(bits, 6, BlockError.EXACT, Optional.empty(), rounding, 1 << 20);
    }

    private QuantizeRequest request(Target target) {
        return QuantizeRequest.of(model, List.of(target), folder.resolve("out").toString())
                .with(new StatisticsSource.Folder(shared.resolve("stats").toString()));
    }

    private List<String> run(QuantizeRequest request) throws IOException {
        Told told = new Told(null);
        QuantizeJob.plan(request, SETTINGS, told).run(spark);
        return told.lines;
    }

    private void cutOff(Target target) {
        Told told = new Told(new IOException("cut off"));
        IOException e = assertThrows(IOException.class, () -> QuantizeJob.plan(request(target), SETTINGS, told).run(spark));
        assertEquals("cut off", e.getMessage());
    }

    /** Name and SHA-256 of the files of an output. */
    private Map<String, String> output(String name) throws IOException {
        Map<String, String> digests = new TreeMap<>();
        for (Path file : Fixtures.files(folder.resolve("out").resolve(name))) {
            digests.put(file.getFileName().toString(), Fixtures.sha256(file));
        }
        assertTrue(digests.containsKey("config.json"), digests.toString());
        return digests;
    }

    private List<Path> kept() throws IOException {
        Path work = folder.resolve("out/.nightshift-work");
        return Files.exists(work)
                ? Fixtures.files(work).stream().filter(file -> !file.toString().endsWith(".crc")).toList()
                : List.of();
    }

    private void delete(Path all) throws IOException {
        for (Path file : Fixtures.files(all)) {
            Files.delete(file);
        }
    }

    @Test
    void whatWasDoneIsFoundWhetherOrNotItIsWhole() throws IOException {
        List<String> undisturbed = run(request(exl2(4.5)));
        assertEquals(List.of("searching scales for exl2:4.5", "0 of " + GROUPS + " groups of scales", "measuring for exl2:4.5",
                "0 of 5 measured units", "factorizing statistics", "0 of 15 blocks of rows", "verifying"), undisturbed);
        Map<String, String> wanted = output("llama-3.1-EXL2-4.5bpw");
        assertEquals(List.of(), kept());
        delete(folder.resolve("out"));

        cutOff(exl2(4.5));
        assertEquals(List.of("searching scales for exl2:4.5", ALL_GROUPS, "measuring for exl2:4.5",
                "5 of 5 measured units", "15 of 15 blocks of rows", "verifying"), run(request(exl2(4.5))));
        assertEquals(wanted, output("llama-3.1-EXL2-4.5bpw"));
        assertEquals(List.of(), kept());
        assertFalse(Files.exists(folder.resolve("out/.nightshift-work")));
        delete(folder.resolve("out"));

        cutOff(exl2(4.5));
        List<Path> damaged = kept();
        // Scales, errors, settled encodings and blocks.
        assertEquals(GROUPS + 5 + 15 + 15, damaged.size());
        for (int i = 0; i < damaged.size(); i++) {
            byte[] bytes = Files.readAllBytes(damaged.get(i));
            Files.deleteIfExists(damaged.get(i).resolveSibling("." + damaged.get(i).getFileName() + ".crc"));
            bytes[i % bytes.length] ^= 1;
            Files.write(damaged.get(i), i % 3 == 0 ? Arrays.copyOf(bytes, bytes.length / 2) : bytes);
        }
        List<String> again = run(request(exl2(4.5)));
        assertTrue(again.containsAll(List.of("0 of " + GROUPS + " groups of scales", "0 of 5 measured units")),
                again.toString());
        assertEquals(wanted, output("llama-3.1-EXL2-4.5bpw"));
        assertEquals(List.of(), kept());
    }

    @Test
    void whatAKilledRunKeptIsRemovedOnceAllOutputsAreThere() throws IOException {
        cutOff(exl2(4.5));
        Path work = folder.resolve("out/.nightshift-work");
        Path aside = folder.resolve("aside");
        Files.move(work, aside);
        run(request(exl2(4.5)));
        assertFalse(Files.exists(work));
        Files.move(aside, work);
        assertFalse(kept().isEmpty());
        run(request(exl2(5.5)));
        // Another job removes what it found, scales and errors; settled encodings and blocks are not its own.
        assertEquals(15 + 15, kept().size());
        run(request(exl2(4.5)));
        assertEquals(List.of(), kept());
        assertFalse(Files.exists(work));
    }

    @Test
    void otherOptionsFindWhatDoesNotFollowFromThem() throws IOException {
        cutOff(exl2(4.5));
        List<String> bitrate = run(request(exl2(5.5)));
        assertTrue(bitrate.containsAll(
                List.of(ALL_GROUPS, "5 of 5 measured units", "0 of 15 blocks of rows")), bitrate.toString());
        cutOff(exl2(4.75));
        List<String> damping = run(request(exl2(4.75, new RoundingOptions(true, 3, true, 0.1))));
        assertTrue(damping.containsAll(
                List.of(ALL_GROUPS, "0 of 5 measured units", "0 of 15 blocks of rows")), damping.toString());
        cutOff(exl2(4.25));
        List<String> unscaled = run(request(exl2(4.25, new RoundingOptions(false, 3, true, RoundingOptions.DEFAULT_DAMPING))));
        assertTrue(unscaled.containsAll(List.of("0 of 5 measured units", "0 of 15 blocks of rows")), unscaled.toString());
    }

    @Test
    void anOutputThatIsMadeAnewUsesNothingOfBefore() throws IOException {
        cutOff(exl2(4.5));
        Settings overwriting = new Settings(Optional.empty(), Settings.DEFAULT.partSize(), true);
        List<String> told = run(request(exl2(4.5)).with(overwriting));
        assertTrue(told.containsAll(
                List.of("0 of " + GROUPS + " groups of scales", "0 of 5 measured units", "0 of 15 blocks of rows")),
                told.toString());
        assertEquals(List.of(), kept());
    }

    @Test
    void anAwqFolderGoesOnToo() throws IOException {
        AwqOptions options = new AwqOptions(AwqFormat.GEMM, 64, false, List.of());
        AwqTarget awq = new AwqTarget(options, SCALED, AwqTarget.DEFAULT_SHARD_SIZE);
        List<String> undisturbed = run(request(awq));
        assertTrue(undisturbed.contains("0 of 14 blocks of rows"), undisturbed.toString());
        String name = Fixtures.files(folder.resolve("out")).stream()
                .filter(file -> file.endsWith("config.json")).findFirst().orElseThrow().getParent().getFileName().toString();
        Map<String, String> wanted = output(name);
        delete(folder.resolve("out"));
        cutOff(awq);
        List<String> told = run(request(awq));
        assertTrue(told.containsAll(List.of("8 of 8 groups of scales", "14 of 14 blocks of rows")), told.toString());
        assertFalse(told.contains("factorizing statistics"), told.toString());
        assertEquals(wanted, output(name));
        assertEquals(List.of(), kept());
    }

    @Test
    void nothingIsKeptForAnInputThatIsRefused() throws IOException {
        Told told = new Told(new InvalidModelException("refused"));
        assertThrows(InvalidModelException.class,
                () -> QuantizeJob.plan(request(exl2(4.5)), SETTINGS, told).run(spark));
        assertEquals(List.of(), kept());
    }
}
