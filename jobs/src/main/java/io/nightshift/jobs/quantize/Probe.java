package io.nightshift.jobs.quantize;

import io.nightshift.formats.architecture.LinearLayer;
import io.nightshift.formats.architecture.Role;
import io.nightshift.jobs.quantize.MeasurePhase.Measured;
import io.nightshift.jobs.rounding.SharedEmbeddingGram;
import io.nightshift.kernels.encoding.RowEncoding;
import java.io.Serializable;
import java.util.Optional;

/**
 * A model one of whose units is rounded, all else as it is.
 *
 * @param unit the unit; without linear layers it is an embedding that is rounded to nearest, and the output matrix too where
 *     they are tied
 * @param choice what it becomes
 */
record Probe(Measured unit, int choice) implements Serializable {
    /** Whether it is an embedding. */
    boolean isEmbedding() {
        return unit.unit().linears().isEmpty() || unit.unit().linears().get(0).role() == Role.EMBEDDING;
    }

    /** Whether it is rounded by the statistics of what it is read by. */
    boolean isMeasured() {
        return !unit.unit().linears().isEmpty();
    }

    /** Whether the output matrix is, or may be, another: its own, or the embedding that it shares. */
    boolean changesOutput() {
        return isEmbedding()
                ? isMeasured() ? unit.inputs().get(0).source() instanceof SharedEmbeddingGram : isOfTokens()
                : layer() == LinearLayer.NO_LAYER;
    }

    /** Whether it is the embedding before the first layer, and not that of each layer. */
    private boolean isOfTokens() {
        return Role.find(unit.unit().name()).equals(Optional.of(Role.EMBEDDING));
    }

    /** The decoder layer that it is in; {@link LinearLayer#NO_LAYER} for embedding and output projection. */
    int layer() {
        return isEmbedding() ? LinearLayer.NO_LAYER : unit.unit().linears().get(0).layer();
    }

    /** How its first layer is rounded, or the embedding. */
    RowEncoding encoding() {
        return unit.unit().choices().get(choice).encodings().get(0);
    }
}
