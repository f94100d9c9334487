package io.nightshift.jobs.calibration;

import io.nightshift.jobs.forward.HiddenStates;
import io.nightshift.jobs.forward.LayerWork;
import java.io.Serializable;
import java.util.List;

/** What a task gives for one group and one layer. */
sealed interface LayerOutput extends Serializable {
    /** The hidden states after the layer. */
    record Hidden(HiddenStates states) implements LayerOutput {}

    /**
     * A block of the Gram matrix of one input.
     *
     * @param input the input's name
     * @param block its index
     * @param group the group that it is the sum of
     * @param sums the block
     */
    record GramBlock(String input, int block, int group, float[] sums) implements LayerOutput {}

    /**
     * Everything else.
     *
     * @param work what the task did
     * @param inputs sums of each input, in the order of the layer
     * @param expertTokens tokens that were routed to each expert; empty where there are none
     */
    record Summary(LayerWork work, List<InputSums> inputs, long[] expertTokens) implements LayerOutput {}
}
