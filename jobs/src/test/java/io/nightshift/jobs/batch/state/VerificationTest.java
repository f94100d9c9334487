package io.nightshift.jobs.batch.state;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.jobs.batch.files.NightFiles;
import io.nightshift.jobs.storage.HadoopSettings;
import io.nightshift.jobs.storage.StorageException;
import io.nightshift.jobs.testing.CommandRun;
import io.nightshift.jobs.testing.Fixtures;
import io.nightshift.jobs.testing.S3Server;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class VerificationTest {
    private static final HadoopSettings SETTINGS = new HadoopSettings(Map.of());

    @TempDir
    private Path night;

    private Path gguf;
    private Path checkpoint;

    /** A night of a GGUF file and a folder. */
    @BeforeEach
    void fill() throws IOException {
        Path model = Files.createDirectories(night.resolve("llama"));
        gguf = model.resolve("llama-F32.gguf");
        Files.copy(Fixtures.imatrix("llama-spm"), gguf);
        gguf.toFile().setWritable(true);
        checkpoint = Fixtures.copy("llama-spm", model.resolve("llama-copy"));
        NightFiles files = NightFiles.open(night.toString(), SETTINGS);
        seal(files, "llama/llama-F32.gguf");
        seal(files, "llama/llama-copy");
    }

    private static List<Verification.Finding> broken(Path path) throws IOException {
        return Verification.of(path.toString(), SETTINGS).stream().filter(finding -> !finding.sound()).toList();
    }

    private static void overwriteAByte(Path file, long at) throws IOException {
        try (java.io.RandomAccessFile bytes = new java.io.RandomAccessFile(file.toFile(), "rw")) {
            bytes.seek(at);
            int value = bytes.read();
            bytes.seek(at);
            bytes.write(value ^ 1);
        }
    }

    @Test
    void soundOutputsAreFoundSoundFromEveryLevel() throws Exception {
        for (Path path : List.of(night, night.resolve("llama"), gguf, checkpoint)) {
            assertEquals(List.of(), broken(path), path.toString());
        }
        CommandRun run = CommandRun.of("verify", night.toString());
        assertEquals(0, run.exitCode());
        assertTrue(run.out().contains("ok      llama/llama-F32.gguf: GGUF, "), run.out());
        assertTrue(run.out().contains("ok      llama/llama-copy: safetensors, "), run.out());
    }

    @Test
    void sha256sumTakesTheFiles() throws Exception {
        String text = Files.readString(night.resolve("llama/llama-F32.gguf.sha256"));
        assertEquals(Fixtures.sha256(gguf) + "  llama-F32.gguf\n", text);
        assertTrue(Files.readString(night.resolve("llama/llama-copy.sha256")).contains("  llama-copy/config.json\n"));
    }

    @Test
    void anotherByteIsFound() throws Exception {
        overwriteAByte(gguf, Files.size(gguf) - 1);
        assertEquals(List.of(new Verification.Finding("llama/llama-F32.gguf", false,
                "has another SHA-256 than llama/llama-F32.gguf.sha256 says; make it again")), broken(night));
        CommandRun run = CommandRun.of("verify", gguf.toString());
        assertEquals(1, run.exitCode());
        assertTrue(run.out().contains("BROKEN  llama-F32.gguf: has another SHA-256"), run.out());
    }

    @Test
    void missingAndForeignFilesAreFound() throws Exception {
        Path config = checkpoint.resolve("config.json");
        Files.move(config, checkpoint.resolve("config.old.json"));
        List<Verification.Finding> broken = broken(night);
        assertEquals(2, broken.size(), broken.toString());
        assertTrue(broken.contains(new Verification.Finding("llama/llama-copy/config.json", false,
                "is missing; make it again")), broken.toString());
        assertTrue(broken.stream().anyMatch(finding -> finding.words().startsWith("is not among the digests")),
                broken.toString());
    }

    @Test
    void structureIsCheckedWithoutDigestsToo() throws Exception {
        Files.delete(night.resolve("llama/llama-F32.gguf.sha256"));
        assertEquals(List.of(), broken(gguf));
        byte[] whole = Files.readAllBytes(gguf);
        Files.write(gguf, java.util.Arrays.copyOf(whole, whole.length - 100));
        assertTrue(broken(gguf).get(0).words().contains("truncated"), broken(gguf).toString());
        Files.write(gguf, java.util.Arrays.copyOf(whole, whole.length + 100_000));
        assertTrue(broken(gguf).get(0).words().contains("bytes follow its last tensor"), broken(gguf).toString());
    }

    @Test
    void aShardThatIsCutShortIsFoundInAFolder() throws Exception {
        Files.delete(night.resolve("llama/llama-copy.sha256"));
        Path shard = Fixtures.files(checkpoint).stream().filter(file -> file.toString().endsWith(".safetensors"))
                .max(Comparator.naturalOrder()).orElseThrow();
        byte[] whole = Files.readAllBytes(shard);
        Files.write(shard, java.util.Arrays.copyOf(whole, whole.length - 1));
        assertEquals(1, broken(checkpoint).size());
    }

    @Test
    void digestsThatLeadElsewhereAreRefused() throws Exception {
        Files.writeString(night.resolve("llama/llama-F32.gguf.sha256"), "ab".repeat(32) + "  ../../etc/passwd\n");
        InvalidModelException error = assertThrows(InvalidModelException.class, () -> broken(night));
        assertEquals(night.resolve("llama/llama-F32.gguf.sha256") + ":1: is no line of sha256sum: a digest, two spaces and a "
                + "name within the folder", error.getMessage());
    }

    @Test
    void twoDotsWithinANameLeadNowhere() throws Exception {
        Files.move(gguf, night.resolve("llama/llama..F32.gguf"));
        Files.delete(night.resolve("llama/llama-F32.gguf.sha256"));
        seal(NightFiles.open(night.toString(), SETTINGS), "llama/llama..F32.gguf");
        assertEquals(List.of(), broken(night));
    }

    @Test
    void whatLiesDirectlyBelowTheRootIsLookedForThere() throws Exception {
        StorageException error = assertThrows(StorageException.class, () -> broken(Path.of("/none-of-this-name.gguf")));
        assertEquals("/none-of-this-name.gguf: there is no such file", error.getMessage());
    }

    @Test
    void nothingToVerifyIsSaid() throws Exception {
        Path empty = Files.createDirectories(night.resolve("empty"));
        CommandRun run = CommandRun.of("verify", empty.toString());
        assertEquals(2, run.exitCode());
        assertTrue(run.err().contains("there is nothing to verify"), run.err());
    }

    @Test
    void outputsInAnObjectStoreAreVerified() throws Exception {
        try (S3Server s3 = S3Server.start()) {
            s3.put("night/m/m.gguf", Files.readAllBytes(gguf));
            NightFiles files = NightFiles.open(s3.location("night"), s3.settings());
            seal(files, "m/m.gguf");
            assertEquals(Fixtures.sha256(gguf) + "  m.gguf\n", new String(s3.get("night/m/m.gguf.sha256"),
                    StandardCharsets.UTF_8));
            assertTrue(Verification.of(s3.location("night/m/m.gguf"), s3.settings()).stream()
                    .allMatch(Verification.Finding::sound));
        }
    }

    private static void seal(NightFiles files, String name) throws IOException {
        Checksums.write(files, name, Checksums.read(files, name));
    }
}
