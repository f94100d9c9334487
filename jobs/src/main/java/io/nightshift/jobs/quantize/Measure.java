package io.nightshift.jobs.quantize;

import io.nightshift.formats.architecture.LinearLayer;
import io.nightshift.formats.forward.LayerHalf;
import io.nightshift.kernels.encoding.RowEncoding;
import java.io.IOException;
import java.io.Serializable;

/** What the error of a choice is. Sent to tasks, one a unit. */
public interface Measure extends Serializable {
    /**
     * The relative loss at the outputs of the unit's layers, added up: tr(D·H·Dᵀ) over tr(W·H·Wᵀ), with the scales and the
     * error feedback that the output is made with.
     */
    Measure GRAM = (unit, choice, inputs) -> {
        double error = 0;
        for (int i = 0; i < unit.linears().size(); i++) {
            error += inputs.loss(unit.linears().get(i), choice.encodings().get(i));
        }
        return error;
    };

    /**
     * The error.
     *
     * @param inputs the unit's weights and statistics
     * @throws IOException if they cannot be read
     */
    double error(Unit unit, Choice choice, Inputs inputs) throws IOException;

    /** Rows of a layer that are looked at for its loss, evenly spread. */
    default int sampledRows() {
        return 512;
    }

    /** Whether the model is run, so that its hidden states must be known. */
    default boolean runsModel() {
        return false;
    }

    /** What a measure may ask for. */
    interface Inputs {
        /**
         * What would be lost of a linear layer as a share of its signal, on rows evenly spread over it.
         *
         * @throws IOException if weights or statistics cannot be read
         */
        double loss(LinearLayer linear, RowEncoding encoding) throws IOException;

        /**
         * The relative error of half a layer's output, where the unit's layers are all of that half and are rounded, and
         * everything before it is not. Only for a measure that runs the model.
         *
         * @throws IOException if weights, statistics or states cannot be read
         */
        double outputError(LayerHalf half, Choice choice) throws IOException;
    }
}
