package io.nightshift.jobs.awq;

import io.nightshift.formats.awq.AwqItem;
import io.nightshift.formats.awq.LinearPacker;
import io.nightshift.formats.awq.PackedRows;
import io.nightshift.formats.storage.ModelFolder;
import io.nightshift.jobs.output.PartReceipt;
import io.nightshift.jobs.output.PartSink;
import io.nightshift.jobs.output.PartWriter;
import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Writes a part: quantized layers from their blocks, other tensors from the checkpoint. Memory: the blocks of the
 * part's layers and the bytes of one of these.
 */
final class PartTask {
    private static final int BLOCK_BYTES = 4 << 20;

    /**
     * What a task hands back.
     *
     * @param receipt of the part
     * @param measures of its blocks, in the order of layers and rows
     * @param bytesRead from the checkpoint by this task; the blocks' measures have theirs
     */
    record Outcome(PartReceipt receipt, List<RoundedBlock.Measure> measures, long bytesRead) implements Serializable {}

    private final ModelFolder source;
    private final PartWriter writer;
    private long bytesRead;

    private PartTask(ModelFolder source, PartWriter writer) {
        this.source = source;
        this.writer = writer;
    }

    /**
     * Writes it.
     *
     * @param items those of the part's segments
     * @param units number of each quantized layer, by item
     * @param foldings what is done to other items
     * @param blocks of the part's layers, in any order
     * @param header the shard's; used by its first part alone
     */
    static Outcome run(ShardPart part, Map<Integer, AwqItem> items, Map<Integer, Integer> units,
            Map<Integer, Folding> foldings, List<RoundedBlock> blocks, byte[] header, ModelFolder source, PartSink sink,
            int attempt) throws IOException {
        Map<Integer, List<RoundedBlock>> byUnit = new HashMap<>();
        blocks.forEach(block -> byUnit.computeIfAbsent(block.unit(), unit -> new ArrayList<>()).add(block));
        List<RoundedBlock.Measure> measures = new ArrayList<>();
        try (PartWriter writer = sink.open(part.part(), attempt)) {
            PartTask task = new PartTask(source, writer);
            if (part.part().index() == 0) {
                writer.write(header);
            }
            for (ShardPart.Segment segment : part.segments()) {
                AwqItem item = items.get(segment.item());
                if (item instanceof AwqItem.Packed packed) {
                    List<RoundedBlock> ofUnit = byUnit.remove(units.get(segment.item()));
                    List<PackedRows> rows = ofUnit.stream().map(RoundedBlock::packed).toList();
                    writer.write(new LinearPacker(packed).assemble(rows));
                    ofUnit.forEach(block -> measures.add(block.measure()));
                } else {
                    task.copy((AwqItem.Copied) item, segment, foldings.get(segment.item()));
                }
            }
            return new Outcome(writer.finish(), measures, task.bytesRead);
        }
    }

    private void copy(AwqItem.Copied item, ShardPart.Segment segment, Folding folding) throws IOException {
        if (folding != null) {
            bytesRead += folding.apply(item.source(), source, writer::write);
            return;
        }
        byte[] bytes = new byte[(int) Math.min(BLOCK_BYTES, segment.length())];
        String file = item.source().tensor().file();
        for (long done = 0; done < segment.length(); done += bytes.length) {
            int count = (int) Math.min(bytes.length, segment.length() - done);
            source.readFully(file, item.sourcePosition() + segment.from() + done, bytes, 0, count);
            writer.write(bytes, 0, count);
        }
        bytesRead += segment.length();
    }
}
