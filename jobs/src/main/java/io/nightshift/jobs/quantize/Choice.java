package io.nightshift.jobs.quantize;

import io.nightshift.formats.architecture.LinearLayer;
import io.nightshift.kernels.encoding.RowEncoding;
import java.io.Serializable;
import java.util.List;

/**
 * What the linear layers of a unit may become.
 *
 * @param name for people
 * @param encodings one for each layer of the unit
 * @param bits that they take together
 */
public record Choice(String name, List<RowEncoding> encodings, long bits) implements Serializable {
    /** The choice of one layer. */
    public static Choice of(LinearLayer linear, RowEncoding encoding) {
        return new Choice(encoding.name(), List.of(encoding), encoding.bits(linear.outputs(), linear.inputs()));
    }

    /** The same encoding for several layers. */
    public static Choice of(List<LinearLayer> linears, RowEncoding encoding) {
        long bits = linears.stream().mapToLong(linear -> encoding.bits(linear.outputs(), linear.inputs())).sum();
        return new Choice(encoding.name(), linears.stream().map(linear -> encoding).toList(), bits);
    }
}
