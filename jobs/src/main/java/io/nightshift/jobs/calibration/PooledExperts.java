package io.nightshift.jobs.calibration;

import io.nightshift.formats.architecture.Role;
import io.nightshift.formats.forward.LinearInput;
import io.nightshift.formats.statistics.InputSummary;
import java.util.List;

/**
 * The statistics that an expert gets if it saw too few tokens. Its gate and up projections get those of all tokens of
 * the layer, which the router read; its down projection gets those of all experts together. Where the router reads something
 * else, gate and up projections get those of all experts too: each token is in them as often as it has experts.
 * These say what the layer's
 * average token needs. That is less than the expert's own statistics would say if there were enough of them. But it is
 * finite and not zero, and it is better than taking all channels for equal.
 */
final class PooledExperts {
    /**
     * The first linear layers of experts that read what a router may not see: gate and up are one matrix, and up has no gate
     * before it, in such families alone.
     */
    private static final List<String> APART =
            List.of(Role.EXPERT_DOWN.tensor(), Role.EXPERT_GATE_UP.tensor(), Role.EXPERT_UP.tensor());

    private PooledExperts() {}

    /** Whether the inputs of all experts are added up. */
    static boolean arePooled(LinearInput ofExpert) {
        return APART.contains(ofExpert.linears().get(0));
    }

    /** The name of the input that stands in for an expert's. */
    static String insteadOf(int layer, List<String> tensors) {
        String prefix = "blk." + layer + ".";
        return APART.stream()
                .filter(linear -> tensors.get(0).equals(prefix + linear + ".weight"))
                .map(linear -> prefix + linear + InputSummary.POOLED)
                .findFirst()
                .orElse(prefix + Role.ROUTER.tensor());
    }
}
