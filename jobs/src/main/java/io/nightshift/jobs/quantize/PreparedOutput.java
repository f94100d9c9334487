package io.nightshift.jobs.quantize;

import io.nightshift.formats.architecture.LinearLayer;
import io.nightshift.formats.layout.Item;
import io.nightshift.jobs.rounding.Foldings;
import io.nightshift.jobs.rounding.RoundingOptions;
import io.nightshift.jobs.rounding.ScalePlan;
import io.nightshift.jobs.rounding.ScaledInput;
import io.nightshift.jobs.tasks.KeptResults;
import io.nightshift.kernels.encoding.RowEncoding;
import io.nightshift.kernels.encoding.SharedEncoding;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * An output that is ready to be written: laid out, its scales found.
 *
 * @param number among the outputs that are made together
 * @param name of the target
 * @param laidOut where every byte goes
 * @param writer its files
 * @param options how linear layers are scaled and rounded
 * @param rounded the modules of the layers that are
 * @param scales of its channels
 * @param foldings what they make of tensors
 * @param inputs what each of those layers reads, by module; none where there are no statistics
 * @param settled the encodings of those layers whose rows share numbers, by module
 * @param kept of its gathered layers, by their names: encodings that are settled and blocks of rows that are rounded
 */
record PreparedOutput(int number, String name, LaidOut laidOut, OutputWriter writer, RoundingOptions options,
        Set<String> rounded, ScalePlan scales, Foldings foldings, Map<String, ScaledInput> inputs,
        Map<String, RowEncoding> settled, KeptResults kept) {
    /** What is done to units [from, to) of an item. */
    PartInput.Work work(Item item, long from, long to) {
        if (item instanceof Item.Rows rows) {
            return new PartInput.Work(item, ofRows(rows, from, to), 0);
        }
        if (item instanceof Item.Copied copied) {
            Treatment folded = Treatment.folded(foldings.ofSource(copied.source()), ImportanceSlice.NONE);
            return new PartInput.Work(item, folded, foldings.shift(copied.source()));
        }
        return new PartInput.Work(item, Treatment.NONE, 0);
    }

    private Treatment ofRows(Item.Rows rows, long from, long to) {
        ImportanceSlice importance = rows.as() == rows.tensor().type()
                ? ImportanceSlice.NONE
                : ImportanceSlice.of(rows.tensor(), from, to, laidOut.importance().of(rows.tensor()));
        List<LinearLayer> all = foldings.linears(rows.tensor().name());
        long rowsPerExpert = rows.tensor().rowsPerExpert();
        int first = Math.toIntExact(from / rowsPerExpert);
        if (all.isEmpty() || !inputs.containsKey(all.get(0).module())) {
            return Treatment.folded(foldings.ofRows(rows.tensor(), from, to), importance);
        }
        List<LinearLayer> linears =
                new ArrayList<>(all.subList(first, Math.toIntExact((to - 1) / rowsPerExpert) + 1));
        List<ScaledInput> read = new ArrayList<>();
        linears.forEach(linear -> read.add(inputs.get(linear.module())));
        return new Treatment(foldings.ofRows(rows.tensor(), from, to), importance, linears, read, first);
    }

    /** The same with encodings that were settled. */
    PreparedOutput with(Map<String, RowEncoding> found) {
        return with(inputs, found);
    }

    /** The same with other inputs, and encodings that were settled for them. */
    PreparedOutput with(Map<String, ScaledInput> others, Map<String, RowEncoding> found) {
        return new PreparedOutput(number, name, laidOut, writer, options, rounded, scales, foldings, others, found,
                kept);
    }

    /** Its linear layers, as far as their rows are rounded in tasks of their own. */
    List<Item.Gathered> gathered() {
        return laidOut.layout().items()
                .filter(Item.Gathered.class::isInstance)
                .map(item -> (Item.Gathered) item)
                .toList();
    }

    /** How the rows of a gathered layer are encoded. */
    RowEncoding encoding(Item.Gathered item) {
        return settled.getOrDefault(item.linear().module(), item.encoding());
    }

    /** What is done to the rows of a gathered layer. */
    Treatment ofGathered(Item.Gathered item) {
        LinearLayer linear = item.linear();
        ScaledInput input = inputs.get(linear.module());
        return new Treatment(foldings.ofLinear(linear), ImportanceSlice.NONE, List.of(linear),
                input == null ? List.of() : List.of(input), 0);
    }

    /** Whether an item must not be cut: one that several tasks fill, or whose weights are changed. */
    boolean isWhole(Item item) {
        return item instanceof Item.Gathered
                || item instanceof Item.Copied copied && !copied.converts() && !foldings.ofSource(copied.source()).isNone();
    }

    /** The inputs whose factors rounding needs, each once: of layers of which not all is kept. */
    Map<String, ScaledInput> factorInputs() throws IOException {
        Set<String> there = kept.names();
        Set<String> done = new HashSet<>();
        if (!there.isEmpty()) {
            laidOut.layout().items().forEach(item -> {
                if (item instanceof Item.Gathered layer && there.containsAll(names(layer))) {
                    done.add(layer.linear().module());
                }
            });
        }
        Map<String, ScaledInput> needed = new LinkedHashMap<>();
        inputs.forEach((module, input) -> {
            if (input.feedback() && !done.contains(module)) {
                needed.put(input.name(), input);
            }
        });
        return needed;
    }

    /** All that is kept of a layer when it is done. */
    private static List<String> names(Item.Gathered layer) {
        List<String> names = new ArrayList<>();
        RowBlocks.of(layer, layer.encoding(), Treatment.NONE, 0).forEach(block -> names.add(block.name()));
        if (layer.encoding() instanceof SharedEncoding) {
            names.add(SettlePhase.name(layer.linear()));
        }
        return names;
    }
}
