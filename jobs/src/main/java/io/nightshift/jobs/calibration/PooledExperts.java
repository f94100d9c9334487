package io.nightshift.jobs.calibration;

import io.nightshift.formats.architecture.Role;
import io.nightshift.formats.statistics.InputSummary;
import java.util.List;

/**
 * The statistics that an expert gets which saw too few tokens. Its gate and up projections get those of all tokens of
 * the layer, which the router read; its down projection gets those of all experts together. So what counts is what the
 * layer's average token needs: less than the expert's own statistics would tell, were there enough of them, but finite,
 * not zero, and better than taking all channels for equal.
 */
final class PooledExperts {
    /** The linear layer of an expert whose input is its own. */
    static final String DOWN = Role.EXPERT_DOWN.tensor();

    private PooledExperts() {}

    /** The name of the input that stands in for an expert's. */
    static String insteadOf(int layer, List<String> tensors) {
        String prefix = "blk." + layer + ".";
        boolean down = tensors.contains(prefix + DOWN + ".weight");
        return down ? prefix + DOWN + InputSummary.POOLED : prefix + Role.ROUTER.tensor();
    }
}
