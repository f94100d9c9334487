package io.nightshift.jobs.awq;

import io.nightshift.formats.awq.AwqItem;
import io.nightshift.formats.awq.AwqPlan;
import io.nightshift.formats.safetensors.SafetensorsLayout;
import io.nightshift.jobs.output.OutputFile;
import io.nightshift.jobs.output.Part;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntPredicate;

/**
 * Cuts shards into parts: a part is full as soon as it has the part size. A quantized layer is never cut: its layout is
 * transposed, so that a part may be as long as the largest layer and a part together.
 */
final class ShardParts {
    /** Where the cluster is large enough, each core gets so many parts at least. */
    private static final int PARTS_PER_CORE = 2;

    private final AwqPlan plan;
    private final IntPredicate whole;
    private final long partSize;
    private final int cores;
    private final List<ShardPart> parts = new ArrayList<>();

    private ShardParts(AwqPlan plan, IntPredicate whole, long partSize, int cores) {
        this.plan = plan;
        this.whole = whole;
        this.partSize = partSize;
        this.cores = cores;
    }

    /**
     * The parts of all shards, which cover every byte once.
     *
     * @param whole which items must not be cut
     * @param partSize most bytes of a part, about
     * @param cores cores of the cluster
     */
    static List<ShardPart> of(AwqPlan plan, IntPredicate whole, long partSize, int cores) {
        ShardParts planner = new ShardParts(plan, whole, partSize, cores);
        for (int shard = 0; shard < plan.shards().size(); shard++) {
            planner.cut(shard);
        }
        return planner.parts;
    }

    private void cut(int shard) {
        SafetensorsLayout file = plan.shards().get(shard);
        long all = plan.shards().stream().mapToLong(SafetensorsLayout::length).sum();
        long limit = Math.max(OutputFile.MIN_PART_LENGTH, Math.min(partSize, all / ((long) PARTS_PER_CORE * cores)));
        limit = Math.max(limit, file.length() / (OutputFile.MAX_PARTS - 1) + 1);
        int first = parts.size();
        long position = 0;
        long length = file.header().length;
        List<ShardPart.Segment> segments = new ArrayList<>();
        for (int item = 0; item < plan.items().size(); item++) {
            if (!plan.items().get(item).file().equals(file.file())) {
                continue;
            }
            AwqItem content = plan.items().get(item);
            long from = 0;
            do {
                if (length >= limit) {
                    add(shard, first, position, length, segments);
                    position += length;
                    length = 0;
                    segments.clear();
                }
                boolean kept = content instanceof AwqItem.Packed || whole.test(item);
                long count = kept ? content.length() : Math.min(content.length() - from, limit - length);
                segments.add(new ShardPart.Segment(item, from, count));
                from += count;
                length += count;
            } while (from < content.length());
        }
        add(shard, first, position, length, segments);
    }

    private void add(int shard, int first, long position, long length, List<ShardPart.Segment> segments) {
        Part part = new Part(parts.size() - first, position, length);
        parts.add(new ShardPart(parts.size(), shard, part, List.copyOf(segments)));
    }
}
