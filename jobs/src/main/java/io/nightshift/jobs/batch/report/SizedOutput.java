package io.nightshift.jobs.batch.report;

import io.nightshift.jobs.batch.result.NightResult;
import io.nightshift.jobs.batch.state.OutputState;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * An output that is there and was evaluated: a point of the plot that people look at first.
 *
 * @param label short: {@code Q4_K_M}, {@code AWQ}, {@code EXL2 4.65}
 * @param format {@code GGUF}, {@code AWQ} or {@code EXL2}
 * @param bytes of all its files
 * @param divergence mean KL divergence, in nats
 */
record SizedOutput(String label, String format, long bytes, double divergence) {
    /** Those of a model, the smallest first. */
    static List<SizedOutput> of(NightResult.Model model) {
        return model.outputs().stream()
                .filter(output -> output.status().isThere() && output.quality().isPresent())
                .map(output -> new SizedOutput(label(output), format(output), output.bytes(),
                        output.quality().get().meanDivergence()))
                .sorted(Comparator.comparingLong(SizedOutput::bytes))
                .toList();
    }

    static String format(OutputState output) {
        return output.target().replaceAll(":.*", "").toUpperCase(java.util.Locale.ROOT);
    }

    static String label(OutputState output) {
        String variant = output.target().replaceAll("^[^:]*:?", "");
        return format(output).equals("GGUF") ? variant : (format(output) + " " + variant).strip();
    }

    /** Those that no other one beats in both size and divergence, the smallest first. */
    static List<SizedOutput> front(List<SizedOutput> outputs) {
        List<SizedOutput> front = new ArrayList<>();
        double best = Double.POSITIVE_INFINITY;
        for (SizedOutput output : outputs.stream()
                .sorted(Comparator.comparingLong(SizedOutput::bytes).thenComparingDouble(SizedOutput::divergence))
                .toList()) {
            if (output.divergence() < best) {
                front.add(output);
                best = output.divergence();
            }
        }
        return front;
    }
}
