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
 * @param nominal index of the choice that scales are searched for
 */
public record Unit(String name, List<LinearLayer> linears, List<Choice> choices, int nominal) implements Serializable {
    /** A unit without an alternative. */
    public static Unit fixed(LinearLayer linear, RowEncoding encoding) {
        return new Unit(linear.module(), List.of(linear), List.of(Choice.of(linear, encoding)), 0);
    }
}
