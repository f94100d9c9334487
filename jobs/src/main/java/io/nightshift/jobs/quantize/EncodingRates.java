package io.nightshift.jobs.quantize;

import io.nightshift.kernels.GgmlType;
import java.util.Map;

/**
 * Weights that a core of a Zen 4 at 3.6 GHz quantizes in a second, by docs/performance.md: with an importance
 * matrix where a type takes notice of it. Types without an entry are conversions, which are bound by memory.
 */
final class EncodingRates {
    private static final double CONVERSION = 1e9;

    private static final Map<GgmlType, Double> PER_MICROSECOND = Map.ofEntries(
            Map.entry(GgmlType.Q2_K, 62.7),
            Map.entry(GgmlType.Q3_K, 325.0),
            Map.entry(GgmlType.Q4_K, 92.2),
            Map.entry(GgmlType.Q5_K, 86.7),
            Map.entry(GgmlType.Q6_K, 363.0),
            Map.entry(GgmlType.IQ4_NL, 206.0),
            Map.entry(GgmlType.IQ4_XS, 210.0),
            Map.entry(GgmlType.IQ3_S, 10.7),
            Map.entry(GgmlType.IQ3_XXS, 9.2),
            Map.entry(GgmlType.IQ2_S, 16.9),
            Map.entry(GgmlType.IQ2_XS, 7.4),
            Map.entry(GgmlType.IQ2_XXS, 12.2),
            Map.entry(GgmlType.IQ1_M, 31.7),
            Map.entry(GgmlType.IQ1_S, 45.6),
            Map.entry(GgmlType.Q4_0, 286.0),
            Map.entry(GgmlType.Q4_1, 81.3),
            Map.entry(GgmlType.Q5_0, 277.0),
            Map.entry(GgmlType.Q5_1, 85.1));

    private EncodingRates() {}

    /** The rate of a type. */
    static double weightsPerSecond(GgmlType type) {
        Double measured = PER_MICROSECOND.get(type);
        return measured == null ? CONVERSION : measured * 1e6;
    }
}
