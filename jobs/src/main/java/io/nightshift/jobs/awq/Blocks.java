package io.nightshift.jobs.awq;

import io.nightshift.formats.architecture.LinearLayer;
import io.nightshift.formats.awq.AwqItem;
import io.nightshift.formats.awq.AwqPlan;
import io.nightshift.formats.statistics.StatisticsReader;
import io.nightshift.jobs.rounding.ScalePlan;
import io.nightshift.jobs.rounding.ScaledInput;
import io.nightshift.jobs.rounding.StatisticsReference;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Cuts quantized layers into blocks of rows. The cut does not depend on the cluster. */
final class Blocks {
    /** Weights of a block, about. */
    private static final int WEIGHTS = 4 << 20;

    /** Rows that kernels work on at once, a multiple of what is packed together. */
    private static final int ROWS = 64;

    private Blocks() {}

    /**
     * All blocks: the costliest inputs first, those of an input one after another.
     *
     * @param statistics of the layers' inputs; null where none are used
     */
    static List<RowBlock> of(AwqPlan plan, List<ShardPart> parts, ScalePlan scales, StatisticsReader statistics) {
        Map<Integer, Integer> partOfItem = new HashMap<>();
        parts.forEach(part -> part.segments().forEach(segment -> partOfItem.put(segment.item(), part.index())));
        List<RowBlock> blocks = new ArrayList<>();
        int unit = 0;
        for (int item = 0; item < plan.items().size(); item++) {
            if (plan.items().get(item) instanceof AwqItem.Packed layer) {
                LinearLayer linear = layer.linear();
                int expert = scales.groupOf(linear).map(scaled -> scaled.group().expert()).orElse(-1);
                float[] columns = scales.columnScales(linear);
                ScaledInput input = statistics == null ? null
                        : ScaledInput.of(StatisticsReference.input(statistics, linear), expert, columns);
                int rows = Math.max(ROWS, WEIGHTS / layer.inputs() / ROWS * ROWS);
                for (int from = 0; from < layer.outputs(); from += rows) {
                    blocks.add(new RowBlock(unit, layer, from, Math.min(layer.outputs(), from + rows), input,
                            columns, scales.rowDivisors(linear), partOfItem.get(item)));
                }
                unit++;
            }
        }
        blocks.sort(Comparator.comparing((RowBlock block) -> -block.layer().inputs())
                .thenComparing(block -> block.input() == null ? "" : block.input().name())
                .thenComparing(RowBlock::unit)
                .thenComparing(RowBlock::from));
        return blocks;
    }
}
