package io.nightshift.jobs.calibration;

import io.nightshift.formats.statistics.InputSummary;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What was seen of a layer in all groups: sums are added up in the order of the groups.
 *
 * @param layer its index, -1 for the final norm
 * @param inputs in the order of the layer
 * @param expertTokens tokens that were routed to each expert; empty where there are none
 */
record LayerStatistics(int layer, List<InputSums> inputs, long[] expertTokens) {
    static LayerStatistics of(int layer, List<LayerOutput.Summary> summaries) {
        Map<String, InputSums> sums = new LinkedHashMap<>();
        long[] experts = {};
        List<LayerOutput.Summary> inOrder = summaries.stream()
                .sorted(Comparator.comparingInt((LayerOutput.Summary summary) -> summary.work().group()))
                .toList();
        for (LayerOutput.Summary summary : inOrder) {
            for (InputSums input : summary.inputs()) {
                sums.computeIfAbsent(input.name(), name -> input.empty()).add(input);
            }
            if (experts.length == 0) {
                experts = new long[summary.expertTokens().length];
            }
            for (int i = 0; i < experts.length; i++) {
                experts[i] += summary.expertTokens()[i];
            }
        }
        List<InputSums> inputs = new ArrayList<>(sums.values());
        // Stable: an expert that the first group did not see comes where it belongs.
        inputs.sort(Comparator.comparing(InputSums::isPooled).thenComparingInt(InputSums::expert));
        return new LayerStatistics(layer, inputs, experts);
    }

    /**
     * The inputs as the manifest lists them, with those of experts that got no tokens.
     *
     * @param minExpertTokens experts with fewer get other statistics
     */
    List<InputSummary> summaries(int minExpertTokens) {
        List<InputSummary> summaries = new ArrayList<>();
        for (InputSums input : inputs) {
            boolean few = input.expert() >= 0 && expertTokens[input.expert()] < minExpertTokens;
            summaries.add(summary(input, input.name(), input.expert(), input.tokens(), few));
        }
        for (int expert = 0; expert < expertTokens.length; expert++) {
            int unseen = expert;
            if (inputs.stream().noneMatch(input -> input.expert() == unseen)) {
                ofAnExpert().forEach(input -> {
                    String name = input.name().substring(0, input.name().lastIndexOf('.')) + "." + unseen;
                    summaries.add(summary(input, name, unseen, 0, true));
                });
            }
        }
        return summaries;
    }

    /** Experts with fewer tokens than that. */
    int expertsBelow(int minExpertTokens) {
        return (int) Arrays.stream(expertTokens).filter(tokens -> tokens < Math.max(1, minExpertTokens)).count();
    }

    private List<InputSums> ofAnExpert() {
        int some = inputs.stream().mapToInt(InputSums::expert).max().orElse(-1);
        return inputs.stream().filter(input -> some >= 0 && input.expert() == some).toList();
    }

    private InputSummary summary(InputSums input, String name, int expert, long tokens, boolean few) {
        String insteadOf = few ? PooledExperts.insteadOf(layer, input.tensorNames()) : null;
        return new InputSummary(name, layer, input.tensorNames(), expert, input.channels(), tokens, insteadOf);
    }
}
