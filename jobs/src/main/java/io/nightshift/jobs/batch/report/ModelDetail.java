package io.nightshift.jobs.batch.report;

import java.util.List;

/**
 * What a page shows of a model beyond its outputs.
 *
 * @param model its name
 * @param errors of each tensor of each output that was made in this night
 * @param outliers channels of inputs that are far larger than others, the largest first
 * @param slowest parts of the work, the slowest first
 */
public record ModelDetail(String model, List<TensorErrors> errors, List<Outlier> outliers, List<SlowPart> slowest) {
    /** Nothing more is known. */
    public static ModelDetail none(String model) {
        return new ModelDetail(model, List.of(), List.of(), List.of());
    }

    public ModelDetail {
        errors = List.copyOf(errors);
        outliers = List.copyOf(outliers);
        slowest = List.copyOf(slowest);
    }

    /**
     * Errors of an output's tensors.
     *
     * @param target the output's
     * @param tensors in the order of the file
     */
    public record TensorErrors(String target, List<TensorError> tensors) {}

    /**
     * What a tensor lost.
     *
     * @param name such as {@code blk.3.attn_q.weight} or {@code model.layers.3.self_attn.q_proj.weight}
     * @param relativeError root of the relative squared error of its weights
     */
    public record TensorError(String name, double relativeError) {}

    /**
     * A channel that is far larger than others.
     *
     * @param input name of the input of linear layers
     * @param channel its index
     * @param ratio root mean square over the median one of that input
     */
    public record Outlier(String input, int layer, int channel, double ratio) {}

    /**
     * A part of the work.
     *
     * @param phase such as calibration, rounding, evaluation
     * @param what a layer, a target or a stage
     * @param coreSeconds of tasks
     */
    public record SlowPart(String phase, String what, double coreSeconds) {}
}
