package io.nightshift.jobs.evaluation;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.nightshift.formats.logits.BaseLogits;
import io.nightshift.formats.logits.LogitsRow;
import io.nightshift.jobs.forward.SequenceGroup;
import io.nightshift.jobs.output.OutputFile;
import io.nightshift.jobs.output.OutputFolder;
import io.nightshift.jobs.output.OutputSpec;
import io.nightshift.jobs.output.Part;
import io.nightshift.jobs.output.PartReceipt;
import io.nightshift.jobs.output.PartSink;
import io.nightshift.jobs.storage.HadoopSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LogitsPartsTest {
    @TempDir
    Path folder;

    @ParameterizedTest
    @CsvSource({
        "512, 128256, 300, 16", "512, 262144, 3, 16", "64, 512, 1, 16", "256, 2048, 400, 16", "4096, 151936, 200, 50",
        "32768, 200000, 10000, 20000", "4, 3, 100000, 6000", "512, 32000, 7, 3"
    })
    void coverTheFileInPartsThatAnObjectStoreTakes(int context, int vocabulary, int chunks, int wanted) {
        BaseLogits file = new BaseLogits(context, vocabulary, chunks);
        int groups = LogitsParts.groups(file, wanted);
        assertTrue(groups >= 1 && groups <= wanted);
        int[] sequence = new int[context];
        SequenceGroup[] cut = SequenceGroup.cut(Collections.nCopies(chunks, sequence), groups)
                .toArray(new SequenceGroup[0]);
        List<List<Part>> parts = LogitsParts.plan(file, cut);
        assertEquals(groups, parts.size());
        List<Part> all = parts.stream().flatMap(List::stream).toList();
        assertTrue(all.size() <= OutputFile.MAX_PARTS, all.size() + " parts");
        long position = 0;
        long longest = Math.max(LogitsParts.PART_LENGTH, file.length() / (OutputFile.MAX_PARTS / 2));
        for (Part part : all) {
            assertEquals(position, part.position());
            position += part.length();
            assertTrue(part.length() >= OutputFile.MIN_PART_LENGTH || part.index() == all.size() - 1, part.toString());
            long head = part.index() == 0 ? file.position(0) : 0;
            assertEquals(0, (part.length() - head) % file.rowBytes(), part.toString());
            assertTrue(part.length() - head <= 2 * longest + file.rowBytes(), part.toString());
        }
        assertEquals(file.length(), position);
    }

    @Test
    void aLaterAttemptWritesTheSameAndNothingIsSeenBefore() throws IOException {
        BaseLogits file = new BaseLogits(8, 1 << 20, 4);
        List<int[]> tokens = Collections.nCopies(4, new int[8]);
        byte[] head = file.head(tokens);
        SequenceGroup[] groups = SequenceGroup.cut(tokens, LogitsParts.groups(file, 2)).toArray(new SequenceGroup[0]);
        List<List<Part>> parts = LogitsParts.plan(file, groups);
        assertEquals(2, parts.size());
        OutputFile output = OutputFolder.open(folder.toString(), new HadoopSettings(Map.of()))
                .file(new OutputSpec("base", file.length(), "plan", Arrays.copyOf(head, 20)));
        PartSink sink = output.begin(2);
        List<PartReceipt> receipts = new ArrayList<>();
        // The first attempt at the first group is cut off; then both groups are written, the last one first.
        try (LogitsWriter writer = new LogitsWriter(file, sink, parts.get(0), head, 0)) {
            writer.row(logits(7), 0, 3);
            assertThrows(IllegalStateException.class, writer::receipts);
        }
        for (int group = 1; group >= 0; group--) {
            try (LogitsWriter writer = new LogitsWriter(file, sink, parts.get(group), head, 1 - group)) {
                for (int i = 0; i < 6; i++) {
                    writer.row(logits(6 * group + i), 0, 3);
                }
                receipts.addAll(writer.receipts());
            }
            assertFalse(Files.exists(folder.resolve("base")));
        }
        output.commit(receipts);
        byte[] written = Files.readAllBytes(folder.resolve("base"));
        assertEquals(file.length(), written.length);
        assertArrayEquals(head, Arrays.copyOf(written, head.length));
        for (int i = 0; i < 12; i++) {
            byte[] row = new byte[file.rowBytes()];
            LogitsRow.encode(logits(i), 0, file.vocabulary(), 3, row);
            int at = (int) file.position(i);
            assertArrayEquals(row, Arrays.copyOfRange(written, at, at + row.length), "row " + i);
        }
    }

    private static float[] logits(int row) {
        float[] logits = new float[1 << 20];
        logits[row] = 5;
        logits[row + 1] = -1;
        return logits;
    }
}
