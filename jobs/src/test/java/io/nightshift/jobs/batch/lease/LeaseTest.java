package io.nightshift.jobs.batch.lease;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.nightshift.jobs.batch.files.NightFiles;
import io.nightshift.jobs.storage.HadoopSettings;
import io.nightshift.jobs.testing.S3Server;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Time is the tests' own: nothing here waits. */
class LeaseTest {
    private static final LeaseTerms EXPIRED_AT_ONCE = new LeaseTerms(Duration.ofMinutes(1), Duration.ZERO);

    private final AtomicLong now = new AtomicLong();

    @TempDir
    private Path folder;

    private NightFiles files() throws IOException {
        return NightFiles.open(folder.toString(), new HadoopSettings(Map.of()));
    }

    private Lease take(NightFiles files, String runId, LeaseTerms terms) throws IOException {
        return Lease.take(files, runId, terms, now::get);
    }

    private void pass(Duration time) {
        now.addAndGet(time.toNanos());
    }

    private void checkOneHolder(NightFiles files) throws IOException {
        Lease first = take(files, "night-1", LeaseTerms.USUAL);
        first.requireHeld();
        String refusal = assertThrows(LeaseException.class, () -> take(files, "night-2", LeaseTerms.USUAL)).getMessage();
        assertTrue(refusal.startsWith(files.location(".nightshift/lease") + ": run night-1 on "), refusal);
        assertTrue(refusal.endsWith(" s if it is dead, or give its --run-id to take over"), refusal);
        first.renew();
        first.renew();
        first.requireHeld();

        Lease retry = take(files, "night-1", LeaseTerms.USUAL);
        retry.requireHeld();
        String lost = assertThrows(LeaseException.class, first::requireHeld).getMessage();
        assertTrue(lost.contains("run night-1 no longer holds this output, run night-1 on "), lost);
        assertThrows(LeaseException.class, first::renew);
        first.close();
        retry.requireHeld();

        Lease afterExpiry = take(files, "night-2", EXPIRED_AT_ONCE);
        assertThrows(LeaseException.class, retry::requireHeld);
        afterExpiry.close();
        Lease last = take(files, "night-3", LeaseTerms.USUAL);
        last.requireHeld();
        last.close();
        assertEquals(List.of(), files.list(""));
    }

    @Test
    void oneRunHoldsALocalOutput() throws Exception {
        checkOneHolder(files());
    }

    @Test
    void oneRunHoldsAnOutputOfAnObjectStore() throws Exception {
        try (S3Server s3 = S3Server.startConditional()) {
            checkOneHolder(NightFiles.open(s3.location("night"), s3.settings()));
        }
    }

    @Test
    void whatWasNotRenewedForFiveMinutesMayBeTaken() throws Exception {
        Lease first = take(files(), "night-1", LeaseTerms.USUAL);
        Path lease = folder.resolve(".nightshift/lease/000000001.json");
        Files.setLastModifiedTime(lease, FileTime.from(Instant.now().minus(Duration.ofMinutes(4))));
        assertThrows(LeaseException.class, () -> take(files(), "night-2", LeaseTerms.USUAL));
        Files.setLastModifiedTime(lease, FileTime.from(Instant.now().minus(Duration.ofMinutes(6))));
        Lease second = take(files(), "night-2", LeaseTerms.USUAL);
        second.requireHeld();
        assertThrows(LeaseException.class, first::requireHeld);
    }

    @Test
    void aHolderThatCouldNotRenewCommitsNothingEvenIfNobodyTookOver() throws Exception {
        Lease lease = take(files(), "night-1", LeaseTerms.USUAL);
        pass(Duration.ofMinutes(3));
        lease.requireHeld();
        pass(Duration.ofMinutes(1));
        String lost = assertThrows(LeaseException.class, lease::requireHeld).getMessage();
        assertTrue(lost.endsWith("run night-1 no longer holds this output, for it was not renewed in time; nothing more is "
                + "committed"), lost);
        assertThrows(LeaseException.class, lease::renew, "it stays lost");
    }

    @Test
    void renewingKeepsIt() throws Exception {
        Lease lease = take(files(), "night-1", LeaseTerms.USUAL);
        for (int minute = 0; minute < 20; minute++) {
            pass(Duration.ofMinutes(1));
            lease.renew();
        }
        lease.requireHeld();
        assertEquals(1, files().list("").size(), "old numbers are deleted");
    }

    @Test
    void aLeaseThatIsBeingWrittenIsHeld() throws Exception {
        files().create(".nightshift/lease/000000007.json", "{\"run".getBytes(StandardCharsets.UTF_8));
        String refusal = assertThrows(LeaseException.class, () -> take(files(), "night-2", LeaseTerms.USUAL)).getMessage();
        assertTrue(refusal.contains("a run that is just starting writes to this output"), refusal);
    }

    @Test
    void aStoreThatIgnoresTheConditionIsFoundOut() throws Exception {
        NightFiles ignoring = new IgnoringFiles(files());
        Lease first = take(ignoring, "night-1", LeaseTerms.USUAL);
        // Another run makes the same number a moment later, and the store lets it.
        ignoring.create(".nightshift/lease/000000001.json",
                new LeaseRecord("night-2", "another", "elsewhere").toBytes());
        String lost = assertThrows(LeaseException.class, first::requireHeld).getMessage();
        assertTrue(lost.contains("run night-2 on elsewhere does"), lost);
    }

    /** The store holds the new number when it fails to say so. */
    @Test
    void aStoreThatFailsOnceWhileTheLeaseIsRenewedDoesNotEndTheRun() throws Exception {
        StumblingFiles files = new StumblingFiles(files());
        Lease lease = take(files, "night-1", LeaseTerms.USUAL);
        files.stumbleAfterTheNextCreate();
        assertThrows(IOException.class, lease::renew);
        assertTrue(Files.exists(folder.resolve(".nightshift/lease/000000002.json")));
        lease.requireHeld();
        pass(Duration.ofMinutes(1));
        lease.renew();
        lease.requireHeld();
        assertEquals(List.of(".nightshift/lease/000000003.json"),
                files.list("").stream().map(NightFiles.Entry::name).toList());
        lease.close();
        assertEquals(List.of(), files.list(""));
    }

    /** The files of a store that fails or errs. */
    private abstract static class OddFiles implements NightFiles {
        final NightFiles files;

        OddFiles(NightFiles files) {
            this.files = files;
        }

        @Override
        public String location(String name) {
            return files.location(name);
        }

        @Override
        public void write(String name, byte[] content) throws IOException {
            files.write(name, content);
        }

        @Override
        public boolean create(String name, byte[] content) throws IOException {
            return files.create(name, content);
        }

        @Override
        public Optional<byte[]> read(String name) throws IOException {
            return files.read(name);
        }

        @Override
        public InputStream open(String name) throws IOException {
            return files.open(name);
        }

        @Override
        public List<Entry> list(String name) throws IOException {
            return files.list(name);
        }

        @Override
        public void delete(String name) throws IOException {
            files.delete(name);
        }
    }

    /** A store that replaces what it should refuse to. */
    private static final class IgnoringFiles extends OddFiles {
        IgnoringFiles(NightFiles files) {
            super(files);
        }

        @Override
        public boolean create(String name, byte[] content) throws IOException {
            files.write(name, content);
            return true;
        }
    }

    /** A store that once makes a file and is away when it is asked what is there. */
    private static final class StumblingFiles extends OddFiles {
        private boolean stumbles;
        private boolean created;

        StumblingFiles(NightFiles files) {
            super(files);
        }

        void stumbleAfterTheNextCreate() {
            stumbles = true;
        }

        @Override
        public boolean create(String name, byte[] content) throws IOException {
            created = stumbles;
            return super.create(name, content);
        }

        @Override
        public List<Entry> list(String name) throws IOException {
            if (created) {
                created = false;
                stumbles = false;
                throw new IOException("the store is away");
            }
            return super.list(name);
        }
    }
}
