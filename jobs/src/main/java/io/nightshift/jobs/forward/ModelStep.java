package io.nightshift.jobs.forward;

import io.nightshift.formats.architecture.LinearLayer;
import io.nightshift.formats.forward.DecoderModel;
import io.nightshift.formats.forward.LayerHalf;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** A step of hidden states on their way from the embedding to what the output matrix reads. */
public sealed interface ModelStep extends Serializable {
    /** A decoder layer. */
    record Layer(int layer) implements ModelStep {
        @Override
        public String name() {
            return "blk." + layer;
        }
    }

    /** Half a layer. */
    record Half(int layer, LayerHalf half) implements ModelStep {
        @Override
        public String name() {
            return "blk." + layer + "." + half.name().toLowerCase(Locale.ROOT);
        }
    }

    /** The norm behind the last layer. */
    record Norm() implements ModelStep {
        @Override
        public int layer() {
            return OUTPUT;
        }

        @Override
        public String name() {
            return "output";
        }
    }

    /** The layer that {@link Norm} has: that of the output matrix. */
    int OUTPUT = -1;

    /** The decoder layer, or {@link #OUTPUT}. */
    int layer();

    /** Unlike that of any other step of a model, and fit for a file's name. */
    String name();

    /** The step within which, or behind which, a linear layer reads its input. */
    static ModelStep of(LinearLayer linear) {
        return linear.layer() == LinearLayer.NO_LAYER ? new Norm() : new Half(linear.layer(), LayerHalf.of(linear.role()));
    }

    /** A whole model by halves of layers, in their order, and the norm. */
    static List<ModelStep> halves(DecoderModel model) {
        List<ModelStep> steps = new ArrayList<>();
        for (int layer = 0; layer < model.layers(); layer++) {
            for (LayerHalf half : LayerHalf.values()) {
                steps.add(new Half(layer, half));
            }
        }
        steps.add(new Norm());
        return steps;
    }
}
