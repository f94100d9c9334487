package io.nightshift.formats.forward;

import io.nightshift.formats.architecture.Role;
import io.nightshift.formats.weights.ModelWeights;
import io.nightshift.kernels.linear.GatedDeltaRule;
import io.nightshift.kernels.linear.PackedActivations;
import io.nightshift.kernels.parallel.Workers;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * What says how fast the states of linear attention decay, and how far they are changed: two projections, or one that makes for
 * each group of value heads what changes their states and then what they decay by (Qwen3-Next).
 *
 * @param projections of decays and of changes, or the one of both
 */
record StateGates(GatedDeltaRule rule, List<String> names, List<Projection> projections) {
    private static final String BOTH = Role.STATE_CHANGE_AND_DECAY.tensor();

    /** Numbers of all tokens, one a value head: before softplus, and before the sigmoid. */
    record Outputs(float[] decays, float[] changes) {}

    static StateGates read(DecoderModel model, ModelWeights weights, String block) throws IOException {
        List<String> names = model.has(block + BOTH + ".weight")
                ? List.of(BOTH)
                : List.of(Role.STATE_DECAY.tensor(), Role.STATE_CHANGE.tensor());
        List<Projection> projections = new ArrayList<>();
        for (String name : names) {
            projections.add(Projection.read(weights, block + name));
        }
        return new StateGates(model.deltaRule(), names, List.copyOf(projections));
    }

    long bytes() {
        return projections.stream().mapToLong(Projection::bytes).sum();
    }

    Outputs apply(PackedActivations inputs, Workers workers) {
        float[] first = projections.get(0).apply(inputs, workers);
        if (projections.size() > 1) {
            return new Outputs(first, projections.get(1).apply(inputs, workers));
        }
        int ofGroup = rule.valueHeads() / rule.keyHeads();
        float[] decays = new float[first.length / 2];
        float[] changes = new float[first.length / 2];
        for (int at = 0; at < decays.length; at += ofGroup) {
            System.arraycopy(first, 2 * at, changes, at, ofGroup);
            System.arraycopy(first, 2 * at + ofGroup, decays, at, ofGroup);
        }
        return new Outputs(decays, changes);
    }
}
