package io.nightshift.jobs.output;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.nightshift.jobs.storage.StorageException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What holds for an output file wherever it is written. */
abstract class OutputContract {
    static final String NAME = "model.gguf";
    static final int PART = (int) OutputFile.MIN_PART_LENGTH;
    static final int LAST = 70_001;

    private static final int PARTS = 3;
    private static final int LENGTH = (PARTS - 1) * PART + LAST;
    private static final int HEAD = 1000;
    private static final byte[] CONTENT = randomBytes(1, LENGTH);

    /** Opens the folder as a new run does. */
    abstract OutputFolder open() throws IOException;

    /** What stands under a name, if anything does. */
    abstract Optional<byte[]> content(String name) throws IOException;

    /** Makes a file as some other program does. */
    abstract void put(String name, byte[] content) throws IOException;

    /** All that there is: files, records, and parts that were never committed. */
    abstract Set<String> everything() throws IOException;

    /** Starts an upload that is none of ours, where ours are; it is one of {@link #everything}. */
    abstract void startForeignUpload(String name) throws IOException;

    static byte[] randomBytes(int seed, int length) {
        byte[] bytes = new byte[length];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    static OutputSpec spec(String plan) {
        return new OutputSpec(NAME, LENGTH, plan, Arrays.copyOf(CONTENT, HEAD));
    }

    final OutputFile file() throws IOException {
        return open().file(spec("plan"));
    }

    static Part part(int index) {
        return new Part(index, (long) index * PART, index == PARTS - 1 ? LAST : PART);
    }

    static byte[] bytes(Part part) {
        return Arrays.copyOfRange(CONTENT, (int) part.position(), (int) (part.position() + part.length()));
    }

    static PartReceipt write(PartSink sink, Part part, int attempt, byte[] bytes) throws IOException {
        try (PartWriter writer = sink.open(part, attempt)) {
            int middle = bytes.length / 3;
            writer.write(bytes, 0, middle);
            writer.write(bytes, middle, bytes.length - middle);
            return writer.finish();
        }
    }

    static PartReceipt write(PartSink sink, int index, int attempt) throws IOException {
        return write(sink, part(index), attempt, bytes(part(index)));
    }

    static List<PartReceipt> writeAll(PartSink sink) throws IOException {
        List<PartReceipt> receipts = new ArrayList<>();
        for (int i = 0; i < PARTS; i++) {
            receipts.add(write(sink, i, 0));
        }
        return receipts;
    }

    private void assertCommitted(OutputFile file) throws IOException {
        assertArrayEquals(CONTENT, content(NAME).orElseThrow());
        assertTrue(file.isComplete());
        assertEquals(new TreeSet<>(Set.of(NAME, ".nightshift/" + NAME + ".json")), everything());
    }

    @Test
    void partsMayBeWrittenAndHandedInInAnyOrder() throws IOException {
        OutputFile file = file();
        PartSink sink = file.begin(PARTS);
        List<PartReceipt> receipts = new ArrayList<>();
        for (int index : new int[] {2, 0, 1}) {
            receipts.add(write(sink, index, 0));
        }
        Collections.reverse(receipts);
        file.commit(receipts);
        assertCommitted(file);
    }

    @Test
    void aFileMayBeOnePart() throws IOException {
        byte[] small = {1, 2, 3};
        OutputFile file = open().file(new OutputSpec(NAME, small.length, "plan", small));
        PartSink sink = file.begin(1);
        file.commit(List.of(write(sink, new Part(0, 0, small.length), 0, small)));
        assertArrayEquals(small, content(NAME).orElseThrow());
    }

    @Test
    void nothingIsSeenBeforeTheCommit() throws IOException {
        OutputFile file = file();
        PartSink sink = file.begin(PARTS);
        assertEquals(Optional.empty(), content(NAME));
        List<PartReceipt> receipts = writeAll(sink);
        assertEquals(Optional.empty(), content(NAME));
        assertFalse(file.isComplete());
        file.commit(receipts);
        assertCommitted(file);
    }

    @Test
    void whatWasThereBeforeStaysUntilTheCommit() throws IOException {
        byte[] before = {1, 2, 3};
        put(NAME, before);
        OutputFile file = file();
        PartSink sink = file.begin(PARTS);
        List<PartReceipt> receipts = writeAll(sink);
        assertArrayEquals(before, content(NAME).orElseThrow());
        file.commit(receipts);
        assertCommitted(file);
    }

    @ParameterizedTest
    @CsvSource({"0, 0, 1, false", "1, 0, 1, true", "2, 1, 0, false", "0, 1, 0, true", "1, 1, 2, true", "2, 3, 2, true"})
    void whatALosingAttemptWroteDoesNotShow(int index, int winner, int loser, boolean loserIsLast) throws IOException {
        OutputFile file = file();
        PartSink sink = file.begin(PARTS);
        byte[] others = randomBytes(2, (int) part(index).length());
        List<PartReceipt> receipts = new ArrayList<>();
        for (int i = 0; i < PARTS; i++) {
            if (i == index && !loserIsLast) {
                write(sink, part(i), loser, others);
            }
            receipts.add(write(sink, i, i == index ? winner : 0));
        }
        if (loserIsLast) {
            write(sink, part(index), loser, others);
        }
        file.commit(receipts);
        assertCommitted(file);
    }

    @Test
    void anAttemptThatDiedHalfwayDoesNotShow() throws IOException {
        OutputFile file = file();
        PartSink sink = file.begin(PARTS);
        PartWriter dead = sink.open(part(1), 0);
        dead.write(randomBytes(3, 1000));
        dead.close();
        file.commit(List.of(write(sink, 0, 0), write(sink, 1, 1), write(sink, 2, 0)));
        assertCommitted(file);
    }

    @Test
    void abortLeavesNothing() throws IOException {
        OutputFile file = file();
        PartSink sink = file.begin(PARTS);
        write(sink, 0, 0);
        write(sink, 1, 0);
        write(sink, 1, 1);
        file.abort();
        assertEquals(Set.of(), everything());
        file.abort();
        assertEquals(Set.of(), everything());
    }

    @Test
    void abortLeavesWhatWasThereBefore() throws IOException {
        put(NAME, new byte[] {1, 2, 3});
        OutputFile file = file();
        write(file.begin(PARTS), 0, 0);
        file.abort();
        assertEquals(Set.of(NAME), everything());
        assertArrayEquals(new byte[] {1, 2, 3}, content(NAME).orElseThrow());
    }

    @Test
    void receiptsThatDoNotMakeUpTheFileAreRefusedAndNothingIsLeft() throws IOException {
        List<int[]> indices = List.of(new int[] {0, 1}, new int[] {1, 2}, new int[] {0, 1, 1}, new int[] {0, 1, 2, 2});
        for (int[] of : indices) {
            OutputFile file = file();
            List<PartReceipt> all = writeAll(file.begin(PARTS));
            List<PartReceipt> given = Arrays.stream(of).mapToObj(all::get).toList();
            assertThrows(IllegalStateException.class, () -> file.commit(given));
            assertEquals(Set.of(), everything());
        }
    }

    @Test
    void aPartIsAsLongAsAnnounced() throws IOException {
        OutputFile file = file();
        PartSink sink = file.begin(PARTS);
        byte[] all = bytes(part(1));
        try (PartWriter writer = sink.open(part(1), 0)) {
            writer.write(all, 0, all.length - 1);
            assertThrows(IllegalStateException.class, writer::finish);
            assertThrows(IllegalStateException.class, () -> writer.write(new byte[2]));
        }
        file.abort();
        assertEquals(Set.of(), everything());
    }

    @Test
    void aFileWithAnotherHeadIsDeletedAfterTheCommit() throws IOException {
        OutputFile file = file();
        PartSink sink = file.begin(PARTS);
        byte[] wrong = bytes(part(0));
        wrong[HEAD - 1] ^= 1;
        PartReceipt first = write(sink, part(0), 0, wrong);
        assertDeleted(file, List.of(first, write(sink, 1, 0), write(sink, 2, 0)));
    }

    @Test
    void aFileOfAnotherLengthIsDeletedAfterTheCommit() throws IOException {
        OutputFile file = file();
        PartSink sink = file.begin(PARTS);
        List<PartReceipt> receipts = new ArrayList<>(List.of(write(sink, 0, 0), write(sink, 1, 0)));
        // A receipt that says less than was written.
        Part longer = new Part(2, part(2).position(), LAST + 1);
        PartReceipt honest = write(sink, longer, 0, randomBytes(4, LAST + 1));
        receipts.add(new PartReceipt(part(2), 0, honest.handle(), honest.crc32c()));
        assertDeleted(file, receipts);
    }

    private void assertDeleted(OutputFile file, List<PartReceipt> receipts) throws IOException {
        StorageException error = assertThrows(StorageException.class, () -> file.commit(receipts));
        assertTrue(error.getMessage().startsWith(file.location() + ": the committed file"), error.getMessage());
        assertEquals(Set.of(), everything());
        assertFalse(file().isComplete());
    }

    @Test
    void aRerunAbortsTheUploadOfARunThatDiedAndNoOther() throws IOException {
        startForeignUpload("other.gguf");
        startForeignUpload(NAME);
        Set<String> foreign = everything();

        PartSink dead = file().begin(PARTS);
        write(dead, 0, 0);
        write(dead, 1, 1);
        assertTrue(everything().size() > foreign.size());

        OutputFile rerun = file();
        PartSink sink = rerun.begin(PARTS);
        rerun.commit(writeAll(sink));
        assertArrayEquals(CONTENT, content(NAME).orElseThrow());

        Set<String> expected = new TreeSet<>(foreign);
        expected.addAll(Set.of(NAME, ".nightshift/" + NAME + ".json"));
        assertEquals(expected, everything());
    }

    @Test
    void aRerunDoesNotMindThatTheRecordedUploadIsGone() throws IOException {
        OutputFile died = file();
        List<PartReceipt> receipts = writeAll(died.begin(PARTS));
        byte[] record = content(".nightshift/" + NAME + ".upload.json").orElseThrow();
        died.commit(receipts);
        // As if it had died between the commit and its record.
        put(".nightshift/" + NAME + ".upload.json", record);

        OutputFile rerun = file();
        rerun.commit(writeAll(rerun.begin(PARTS)));
        assertCommitted(rerun);
    }

    @Test
    void whatARunLeftBesideACompleteFileIsDropped() throws IOException {
        OutputFile made = file();
        made.commit(writeAll(made.begin(PARTS)));
        assertFalse(file().isLeftOpen());
        OutputFile died = file();
        write(died.begin(PARTS), 1, 0);

        OutputFile found = file();
        assertTrue(found.isComplete());
        assertTrue(found.isLeftOpen());
        found.dropLeft();
        assertCommitted(found);
    }

    @Test
    void aRunThatWasTakenOverFailsAndLeavesTheLaterOneAlone() throws IOException {
        OutputFile earlier = file();
        List<PartReceipt> receipts = writeAll(earlier.begin(PARTS));
        OutputFile later = file();
        PartSink sink = later.begin(PARTS);

        assertThrows(IOException.class, () -> earlier.commit(receipts));
        assertEquals(Optional.empty(), content(NAME));
        assertTrue(content(".nightshift/" + NAME + ".upload.json").isPresent(), "the later upload cannot be found");
        later.commit(writeAll(sink));
        assertCommitted(later);
    }

    @Test
    void isCompleteOnlyForTheSamePlanAndTheSameBytes() throws IOException {
        OutputFile file = file();
        assertFalse(file.isComplete());
        file.commit(writeAll(file.begin(PARTS)));
        assertTrue(file().isComplete());
        assertFalse(open().file(spec("another plan")).isComplete());

        byte[] damaged = CONTENT.clone();
        damaged[LENGTH / 2] ^= 1;
        put(NAME, damaged);
        assertFalse(file().isComplete());
        put(NAME, Arrays.copyOf(CONTENT, LENGTH - 1));
        assertFalse(file().isComplete());
    }

    @Test
    void aRecordThatCannotBeReadSaysNothing() throws IOException {
        put(".nightshift/" + NAME + ".json", "{\"plan\": \"pl".getBytes());
        put(".nightshift/" + NAME + ".upload.json", new byte[0]);
        OutputFile file = file();
        assertFalse(file.isComplete());
        file.commit(writeAll(file.begin(PARTS)));
        assertCommitted(file);
    }

    @Test
    void aRecordOfAnUploadThatNobodyGaveDoesNotMatter() throws IOException {
        put(".nightshift/" + NAME + ".upload.json", "{\"id\": \"Li4vLi4vZXRj\"}".getBytes());
        OutputFile file = file();
        file.commit(writeAll(file.begin(PARTS)));
        assertCommitted(file);
    }
}
