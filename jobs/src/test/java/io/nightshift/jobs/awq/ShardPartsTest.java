package io.nightshift.jobs.awq;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.nightshift.formats.architecture.RowOrder;
import io.nightshift.formats.architecture.SourceRows;
import io.nightshift.formats.awq.AwqFormat;
import io.nightshift.formats.awq.AwqItem;
import io.nightshift.formats.awq.AwqOptions;
import io.nightshift.formats.awq.AwqPlan;
import io.nightshift.formats.safetensors.SafetensorsLayout;
import io.nightshift.formats.safetensors.SafetensorsTensor;
import io.nightshift.formats.safetensors.SafetensorsType;
import io.nightshift.formats.safetensors.ShardedLayout;
import io.nightshift.formats.safetensors.TensorSpec;
import io.nightshift.jobs.output.OutputFile;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.IntPredicate;
import org.junit.jupiter.api.Test;

class ShardPartsTest {
    private static final AwqPlan PLAN = plan(23 << 20, 100, 12 << 20, 9 << 20, 3 << 20);

    @Test
    void partsCoverEveryByteOnceAndAreLongEnoughForStores() {
        for (int cores : new int[] {1, 4, 1000}) {
            check(ShardParts.of(PLAN, item -> false, 8 << 20, cores), item -> false);
        }
        assertTrue(ShardParts.of(PLAN, item -> false, 8 << 20, 1).size()
                < ShardParts.of(PLAN, item -> false, 5 << 20, 1).size());
    }

    @Test
    void someItemsAreNeverCut() {
        IntPredicate whole = item -> item == 0 || item == 3;
        check(ShardParts.of(PLAN, whole, 5 << 20, 1000), whole);
    }

    private static void check(List<ShardPart> parts, IntPredicate whole) {
        long[] covered = new long[PLAN.items().size()];
        for (int shard = 0; shard < PLAN.shards().size(); shard++) {
            int number = shard;
            List<ShardPart> ofShard = parts.stream().filter(part -> part.shard() == number).toList();
            long position = 0;
            for (int i = 0; i < ofShard.size(); i++) {
                ShardPart part = ofShard.get(i);
                assertEquals(i, part.part().index());
                assertEquals(position, part.part().position());
                assertTrue(i == ofShard.size() - 1 || part.part().length() >= OutputFile.MIN_PART_LENGTH);
                long length = i == 0 ? PLAN.shards().get(shard).header().length : 0;
                for (ShardPart.Segment segment : part.segments()) {
                    assertEquals(covered[segment.item()], segment.from());
                    covered[segment.item()] += segment.length();
                    length += segment.length();
                    assertTrue(!whole.test(segment.item()) || segment.from() == 0
                            && segment.length() == PLAN.items().get(segment.item()).length());
                }
                assertEquals(length, part.part().length());
                position += length;
            }
            assertEquals(PLAN.shards().get(shard).length(), position);
        }
        for (int item = 0; item < covered.length; item++) {
            assertEquals(PLAN.items().get(item).length(), covered[item]);
        }
        for (int i = 0; i < parts.size(); i++) {
            assertEquals(i, parts.get(i).index());
        }
    }

    /** A plan of tensors of so many bytes, in shards of 30 MiB. */
    private static AwqPlan plan(long... bytes) {
        List<List<TensorSpec>> specs = new ArrayList<>();
        for (int i = 0; i < bytes.length; i++) {
            specs.add(List.of(new TensorSpec("tensor" + i, SafetensorsType.F16, List.of(bytes[i] / 2))));
        }
        List<SafetensorsLayout> shards = ShardedLayout.shards(specs, 30 << 20, Map.of("format", "pt"));
        List<AwqItem> items = new ArrayList<>();
        for (SafetensorsLayout shard : shards) {
            for (SafetensorsTensor tensor : shard.tensors()) {
                items.add(new AwqItem.Copied(new SourceRows(tensor, 0, 1, RowOrder.AS_IS, 0), tensor));
            }
        }
        AwqOptions options = new AwqOptions(AwqFormat.GEMM, 128, false, List.of());
        return new AwqPlan(options, shards, items, List.of(), List.of(), List.of());
    }
}
