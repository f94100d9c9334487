package io.nightshift.jobs.output;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.nightshift.jobs.storage.StorageException;
import io.nightshift.jobs.testing.S3Server;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** A store that wants parts of 5 MiB: tasks write 7, 0.001, 8 and 4 MiB. */
class EqualPartsTest {
    private static final int MIB = 1 << 20;
    private static final int[] ENDS = {7 * MIB, 7 * MIB + 1000, 15 * MIB + 1000, 19 * MIB + 1000};
    private static final byte[] CONTENT = OutputContract.randomBytes(1, ENDS[3]);
    private static final OutputSpec SPEC = new OutputSpec("model.gguf", CONTENT.length, "plan", Arrays.copyOf(CONTENT, 100));

    private static S3Server s3;

    @BeforeAll
    static void start() throws Exception {
        s3 = S3Server.startDemandingEqualParts();
    }

    @AfterAll
    static void stop() throws Exception {
        s3.close();
    }

    @AfterEach
    void empty() {
        s3.keys().forEach(s3::delete);
        s3.abortUploads();
    }

    private static OutputFile file(Map<String, String> options) throws IOException {
        return OutputFolder.open(s3.location("out"), s3.settings(options)).file(SPEC);
    }

    private static OutputFile file() throws IOException {
        return file(Map.of(HadoopOutputStore.EQUAL, "true"));
    }

    private static Part part(int index) {
        int from = index == 0 ? 0 : ENDS[index - 1];
        return new Part(index, from, ENDS[index] - from);
    }

    private static PartReceipt write(PartSink sink, int index, int attempt, int changed) throws IOException {
        Part part = part(index);
        byte[] bytes = Arrays.copyOfRange(CONTENT, (int) part.position(), ENDS[index]);
        bytes[0] += (byte) changed;
        bytes[bytes.length - 1] += (byte) changed;
        return OutputContract.write(sink, part, attempt, bytes);
    }

    private static List<PartReceipt> writeAll(PartSink sink) throws IOException {
        List<PartReceipt> receipts = new ArrayList<>();
        for (int i : new int[] {3, 1, 0, 2}) {
            receipts.add(write(sink, i, 0, 0));
        }
        return receipts;
    }

    private static List<SeamReceipt> join(OutputFile file, List<PartReceipt> receipts) throws IOException {
        List<SeamReceipt> joined = new ArrayList<>();
        for (Seam seam : file.seams(receipts)) {
            joined.add(seam.join());
        }
        return joined;
    }

    private static void assertCommitted(OutputFile file) throws IOException {
        assertTrue(file.isComplete());
        assertArrayEquals(CONTENT, s3.get("out/model.gguf"));
        assertEquals(List.of("out/.nightshift/model.gguf.json", "out/model.gguf"), s3.keys());
        assertEquals(List.of(), s3.uploads());
    }

    @Test
    void whatTasksWriteBecomesEqualParts() throws IOException {
        OutputFile file = file();
        List<PartReceipt> receipts = writeAll(file.begin(4));
        // The second and the fourth part of 5 MiB are of several tasks; the third and the last are of one.
        assertEquals(List.of(1, 3), file.seams(receipts).stream().map(Seam::index).toList());
        assertEquals(List.of("1-0-0", "1-1-0", "1-2-0"), file.seams(receipts).get(0).pieces());
        file.commit(receipts, join(file, receipts));
        assertCommitted(file);
    }

    @Test
    void withoutTheSettingSuchAStoreRefuses() throws IOException {
        OutputFile file = OutputFolder.open(s3.location("out"), s3.settings()).file(SPEC);
        List<PartReceipt> receipts = new ArrayList<>();
        int at = 0;
        PartSink sink = file.begin(3);
        for (int end : new int[] {7 * MIB, 13 * MIB, ENDS[3]}) {
            receipts.add(OutputContract.write(
                    sink, new Part(receipts.size(), at, end - at), 0, Arrays.copyOfRange(CONTENT, at, end)));
            at = end;
        }
        assertThrows(StorageException.class, () -> file.commit(receipts));
        assertEquals(List.of(), s3.keys());
    }

    @Test
    void aLateAttemptWithTheSameBytesDoesNoHarm() throws IOException {
        OutputFile file = file();
        PartSink sink = file.begin(4);
        List<PartReceipt> receipts = writeAll(sink);
        write(sink, 0, 1, 0);
        List<SeamReceipt> joined = join(file, receipts);
        file.seams(receipts).get(0).join();
        write(sink, 2, 1, 0);
        file.commit(receipts, joined);
        assertCommitted(file);
    }

    @Test
    void aLateAttemptWithOtherBytesMakesTheCommitFail() throws IOException {
        OutputFile file = file();
        PartSink sink = file.begin(4);
        List<PartReceipt> receipts = writeAll(sink);
        List<SeamReceipt> joined = join(file, receipts);
        write(sink, 0, 1, 1);
        assertThrows(StorageException.class, () -> file.commit(receipts, joined));
        assertEquals(List.of(), s3.keys());
        assertEquals(List.of(), s3.uploads());
    }

    /** A run that another one took over from: late tasks and the driver's clean-up are no business of the other's. */
    @Test
    void aRunThatWasTakenOverTouchesNothingOfTheOther() throws IOException {
        OutputFile first = file();
        PartSink late = first.begin(4);
        OutputFile second = file();
        List<PartReceipt> receipts = writeAll(second.begin(4));
        // A piece of a seam is no part of an upload: the store takes it after the upload's end, too.
        OutputContract.write(late, part(1), 0, new byte[1000]);
        first.abort();
        second.commit(receipts, join(second, receipts));
        assertCommitted(second);
    }

    @Test
    void whatALateTaskLeavesGoesWhenTheFileIsLookedAtAgain() throws IOException {
        OutputFile file = file();
        PartSink sink = file.begin(4);
        List<PartReceipt> receipts = writeAll(sink);
        file.commit(receipts, join(file, receipts));
        write(sink, 1, 1, 0);
        assertEquals(3, s3.keys().size());
        file().dropLeft();
        assertCommitted(file());
    }

    @Test
    void aSeamThatIsNotJoinedIsNoFile() throws IOException {
        OutputFile file = file();
        List<PartReceipt> receipts = writeAll(file.begin(4));
        assertThrows(IllegalStateException.class, () -> file.commit(receipts));
        assertEquals(List.of(), s3.keys());
    }

    @Test
    void whatARunLeavesThatIsCutOffGoesWithTheNextOne() throws IOException {
        writeAll(file().begin(4));
        assertTrue(s3.keys().toString().contains("/1-0-0"));
        OutputFile next = file();
        List<PartReceipt> receipts = writeAll(next.begin(4));
        next.commit(receipts, join(next, receipts));
        assertCommitted(next);
        writeAll(file().begin(4));
        file().dropLeft();
        assertCommitted(file());
    }

    @Test
    void aLongFileHasLargerPartsRatherThanMore() {
        assertEquals(new PartGrid(50L << 30, 6 << 20), PartGrid.of(50L << 30));
        assertEquals(8534, PartGrid.of(50L << 30).parts());
        assertEquals(new PartGrid(1, 5 << 20), PartGrid.of(1));
        assertEquals(1, PartGrid.of(5 << 20).parts());
        assertEquals(2, PartGrid.of((5 << 20) + 1).parts());
    }
}
