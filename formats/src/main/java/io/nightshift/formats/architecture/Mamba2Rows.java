package io.nightshift.formats.architecture;

import static io.nightshift.formats.architecture.DecoderRows.linear;
import static io.nightshift.formats.architecture.DecoderRows.matrix;
import static io.nightshift.formats.architecture.DecoderRows.norm;
import static io.nightshift.formats.architecture.DecoderRows.vector;
import static io.nightshift.formats.architecture.Dimension.HIDDEN;
import static io.nightshift.formats.architecture.Dimension.ONE;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.checkpoint.Checkpoint;
import io.nightshift.formats.checkpoint.ModelConfig;
import java.util.List;

/**
 * The mixer of a Mamba 2 layer (conversion/mamba.py, Mamba2Model; Dao and Gu, 2024).
 *
 * @param inner channels of all heads
 * @param heads number of heads
 * @param groups of heads, which share their inputs and outputs
 * @param state size of a head's state, for each channel
 * @param kernel width of the convolution
 */
record Mamba2Rows(Dimension inner, Dimension heads, Dimension groups, Dimension state, Dimension kernel) {
    private static final long TOKENS = 8;

    /** The tensors, whose names in a layer begin with the mixer's. */
    List<TensorRow> of(String mixer) {
        return DecoderRows.table(
                linear("ssm_in", mixer + ".in_proj", projected(), HIDDEN),
                linear("ssm_out", mixer + ".out_proj", HIDDEN, inner),
                state(mixer));
    }

    /** What there is between the projections. */
    List<TensorRow> state(String mixer) {
        return List.of(
                matrix("ssm_conv1d", mixer + ".conv1d", Transform.SQUEEZE, convolved(), kernel),
                vector("ssm_conv1d.bias", mixer + ".conv1d.bias", Transform.COPY, convolved()).optional(),
                vector("ssm_dt.bias", mixer + ".dt_bias", Transform.COPY, heads),
                vector("ssm_a", mixer + ".A_log", Transform.negativeExponential(Transform.RESHAPE), heads, ONE),
                vector("ssm_d", mixer + ".D", Transform.RESHAPE, heads, ONE));
    }

    /** Rows of the first projection. */
    Dimension projected() {
        return inner.plus(convolved()).plus(heads);
    }

    private Dimension convolved() {
        return inner.plus(groups.times(state).times(2));
    }

    /** What the converter writes about it in models that mix it with attention (GraniteHybridModel). */
    void keys(ModelConfig config, HyperparameterWriter out) {
        out.set("ssm.conv_kernel", kernel.of(config));
        out.set("ssm.state_size", state.of(config));
        out.set("ssm.group_count", groups.of(config));
        out.set("ssm.inner_size", inner.of(config));
        out.set("ssm.time_step_rank", heads.of(config));
    }

    /** Refuses an embedding for which the converter would add tokens: it pads them, and not the embedding. */
    static void requirePaddedTokens(Checkpoint checkpoint) {
        long tokens = checkpoint.config().integer("vocab_size");
        if (tokens % TOKENS != 0) {
            throw new InvalidModelException(checkpoint.config().location() + ": \"vocab_size\" is " + tokens
                    + ", but must be a multiple of " + TOKENS + " in a model with layers of Mamba 2: llama.cpp's converter"
                    + " pads the tokens to it and not the embedding, and no loader takes that file");
        }
    }

    /** The norm behind the mixer, where it has one: a row a group. */
    TensorRow gatedNorm(String mixer) {
        return norm("ssm_norm", mixer + ".norm", Transform.RESHAPE, groups, inner.dividedBy(groups));
    }
}
