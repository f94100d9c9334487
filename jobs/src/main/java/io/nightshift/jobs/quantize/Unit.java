package io.nightshift.jobs.quantize;

import io.nightshift.formats.architecture.LinearLayer;
import io.nightshift.kernels.encoding.RowEncoding;
import java.io.Serializable;
import java.util.List;

/**
 * Linear layers that take one choice together: a tensor with its experts, the attention of a layer.
 *
 * @param name for people
 * @param linears the layers
 * @param choices what they may become, at least one
 * @param nominal what scales are searched for: one of the choices, or what stands for all of them
 */
public record Unit(String name, List<LinearLayer> linears, List<Choice> choices, Choice nominal) implements Serializable {
    /** A unit without an alternative. */
    public static Unit fixed(LinearLayer linear, RowEncoding encoding) {
        Choice choice = Choice.of(linear, encoding);
        return new Unit(linear.module(), List.of(linear), List.of(choice), choice);
    }

    /** The same with one of the choices as the only one. */
    public Unit with(int chosen) {
        return new Unit(name, linears, List.of(choices.get(chosen)), nominal);
    }
}
