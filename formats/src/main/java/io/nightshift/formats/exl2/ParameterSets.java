package io.nightshift.formats.exl2;

import io.nightshift.formats.exl2.ParameterSet.Part;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The parameter sets that ExLlamaV2 measures for each block, and those of the head (conversion/qparams.py): facts of the
 * format's ecosystem, by which measurement files are exchanged.
 */
public final class ParameterSets {
    /** For query, key, value and output projection. */
    public static final List<List<ParameterSet>> ATTENTION = List.of(
            List.of(of(3, 64, 0.05, 2, 64, 0.95), of(3, 64, 0.05, 2, 64, 0.95),
                    of(3, 64, 0.05, 2, 64, 0.95), of(3, 64, 0.05, 2, 64, 0.95)),
            List.of(of(3, 64, 0.1, 2, 64, 0.9), of(3, 64, 0.1, 2, 64, 0.9),
                    of(3, 64, 0.25, 2, 64, 0.75), of(3, 64, 0.1, 2, 64, 0.9)),
            List.of(of(3, 64, 0.1, 2, 64, 0.9), of(3, 64, 0.1, 2, 64, 0.9),
                    of(4, 128, 0.1, 3, 128, 0.9), of(3, 64, 0.1, 2, 64, 0.9)),
            List.of(of(3, 64, 0.1, 2, 64, 0.9), of(3, 64, 0.1, 2, 64, 0.9),
                    of(4, 128, 0.1, 3, 128, 0.9), of(4, 128, 0.1, 3, 128, 0.9)),
            List.of(of(4, 128, 0.1, 3, 128, 0.9), of(4, 128, 0.1, 3, 128, 0.9),
                    of(4, 128, 0.1, 3, 128, 0.9), of(4, 128, 0.1, 3, 128, 0.9)),
            List.of(of(4, 128, 0.1, 3, 128, 0.9), of(4, 128, 0.1, 3, 128, 0.9),
                    of(4, 64, 0.1, 3, 64, 0.9), of(4, 128, 0.1, 3, 128, 0.9)),
            List.of(of(4, 128), of(4, 128), of(4, 128), of(4, 128)),
            List.of(of(4, 128), of(4, 128), of(4, 64), of(4, 128)),
            List.of(of(4, 64), of(4, 64), of(4, 32), of(4, 64)),
            List.of(of(4, 32), of(4, 32), of(4, 32), of(4, 32)),
            List.of(of(5, 128, 0.1, 4, 128, 0.9), of(5, 128, 0.1, 4, 128, 0.9),
                    of(5, 64, 0.1, 4, 64, 0.9), of(5, 128, 0.1, 4, 128, 0.9)),
            List.of(of(5, 64, 0.1, 4, 64, 0.9), of(5, 64, 0.1, 4, 64, 0.9),
                    of(5, 32, 0.1, 4, 32, 0.9), of(5, 64, 0.1, 4, 64, 0.9)),
            List.of(of(5, 64, 0.1, 4, 64, 0.9), of(5, 64, 0.1, 4, 64, 0.9), of(5, 64), of(5, 64, 0.1, 4, 64, 0.9)),
            List.of(of(5, 32, 0.1, 4, 32, 0.9), of(5, 32, 0.1, 4, 32, 0.9), of(5, 32), of(5, 32, 0.1, 4, 32, 0.9)),
            List.of(of(6, 128, 0.1, 5, 128, 0.9), of(6, 128, 0.1, 5, 128, 0.9), of(6, 128), of(6, 128, 0.1, 5, 128, 0.9)),
            List.of(of(6, 32, 0.1, 5, 32, 0.9), of(6, 32, 0.1, 5, 32, 0.9), of(6, 32), of(6, 32, 0.1, 5, 32, 0.9)),
            List.of(of(6, 128), of(6, 128), of(6, 128), of(6, 128)),
            List.of(of(6, 32), of(6, 32), of(8, 32), of(6, 32)),
            List.of(of(8, 128), of(8, 128), of(8, 128), of(8, 128)));

    /** For gate, up and down projection; models without a gate leave the first one out. */
    public static final List<List<ParameterSet>> FEED_FORWARD = List.of(
            List.of(of(3, 64, 0.05, 2, 64, 0.95), of(3, 64, 0.05, 2, 64, 0.95), of(6, 32, 0.05, 3, 64, 0.2, 2, 64, 0.75)),
            List.of(of(3, 64, 0.1, 2, 64, 0.9), of(3, 64, 0.25, 2, 64, 0.75), of(6, 32, 0.05, 3, 64, 0.2, 2, 64, 0.75)),
            List.of(of(3, 64, 0.1, 2, 64, 0.9), of(3, 64, 0.3, 2, 64, 0.7), of(5, 32, 0.05, 3, 32, 0.95)),
            List.of(of(3, 64, 0.1, 2, 64, 0.9), of(3, 64, 0.3, 2, 64, 0.7), of(5, 32, 0.05, 4, 32, 0.95)),
            List.of(of(4, 128, 0.1, 3, 128, 0.9), of(4, 128, 0.25, 3, 128, 0.75),
                    of(8, 32, 0.05, 4, 128, 0.1, 3, 128, 0.85)),
            List.of(of(4, 32, 0.1, 3, 32, 0.9), of(4, 32, 0.25, 3, 32, 0.75), of(8, 32, 0.05, 4, 32, 0.1, 3, 32, 0.85)),
            List.of(of(4, 32, 0.1, 3, 32, 0.9), of(4, 32, 0.25, 3, 32, 0.75), of(8, 32, 0.05, 4, 128, 0.95)),
            List.of(of(4, 128), of(4, 32), of(8, 32, 0.05, 4, 128, 0.95)),
            List.of(of(4, 32), of(4, 32), of(8, 32, 0.05, 4, 32, 0.95)),
            List.of(of(5, 128, 0.1, 4, 128, 0.9), of(5, 128, 0.25, 4, 128, 0.75),
                    of(8, 32, 0.05, 5, 128, 0.1, 4, 128, 0.85)),
            List.of(of(5, 32, 0.1, 4, 32, 0.9), of(5, 32, 0.25, 4, 32, 0.75), of(8, 32, 0.05, 5, 32, 0.1, 4, 32, 0.85)),
            List.of(of(6, 128, 0.1, 5, 128, 0.9), of(6, 128, 0.25, 5, 128, 0.75),
                    of(8, 32, 0.05, 6, 128, 0.1, 5, 128, 0.85)),
            List.of(of(6, 32, 0.1, 5, 32, 0.9), of(6, 32, 0.25, 5, 32, 0.75), of(8, 32, 0.05, 6, 32, 0.1, 5, 32, 0.85)),
            List.of(of(6, 128), of(6, 128), of(8, 32, 0.05, 6, 128, 0.95)),
            List.of(of(8, 128, 0.1, 6, 128, 0.9), of(8, 128, 0.1, 6, 128, 0.9), of(8, 128, 0.15, 6, 128, 0.85)),
            List.of(of(8, 128, 0.1, 6, 128, 0.9), of(8, 128, 0.1, 6, 128, 0.9), of(8, 128)),
            List.of(of(8, 128), of(8, 128), of(8, 128)));

    /** Of the head, by its nominal bits: 2 to 6 and 8. */
    public static final SortedMap<Integer, ParameterSet> HEAD = Collections.unmodifiableSortedMap(new TreeMap<>(Map.of(
            2, of(4, 32, 0.3, 2, 32, 0.7),
            3, of(4, 32, 0.15, 3, 32, 0.85),
            4, of(6, 32, 0.15, 4, 32, 0.85),
            5, of(6, 128, 0.15, 5, 128, 0.85),
            6, of(8, 128, 0.15, 6, 128, 0.85),
            8, of(8, 128))));

    private ParameterSets() {}

    /** Bits, group size and share of each part; a lone part needs no share. */
    private static ParameterSet of(double... numbers) {
        List<Part> parts = new ArrayList<>();
        for (int i = 0; i < numbers.length; i += 3) {
            double share = i + 2 < numbers.length ? numbers[i + 2] : 1;
            parts.add(new Part((int) numbers[i], (int) numbers[i + 1], share));
        }
        return new ParameterSet(parts);
    }
}
