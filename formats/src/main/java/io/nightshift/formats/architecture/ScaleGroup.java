package io.nightshift.formats.architecture;

import java.io.Serializable;
import java.util.List;

/**
 * Linear layers whose input channels can be scaled, because the scales can be folded into what produces the channels:
 * their columns are multiplied, the producer is divided, and the model computes the same.
 *
 * @param layer number of the decoder layer
 * @param expert number of the expert that producer and linear layers belong to, or {@link LinearLayer#NO_EXPERT}
 * @param producer GGUF name of the tensor that is divided: a norm, or a linear layer, whose rows and bias are divided
 * @param norm the producer's weights in the checkpoint if it is a norm; else null
 * @param firstRow the producer's row or element that makes the first channel; not 0 where gate and up are one matrix, or
 *     what multiplies a convolution's output is made beside its input
 * @param headSize channels of a head; all channels where heads are not repeated
 * @param repeats how many heads in a row get what one head of the producer makes: channels of such heads have one
 *     scale. 1 but for values that several query heads share
 * @param linears the quantized layers that read the channels, at least one
 * @param steering routers and their like that read them: their columns are multiplied too
 */
public record ScaleGroup(
        int layer,
        int expert,
        String producer,
        SourceRows norm,
        int firstRow,
        int headSize,
        int repeats,
        List<LinearLayer> linears,
        List<LinearLayer> steering)
        implements Serializable {
    private static final String WEIGHT = ".weight";

    /** Whether a norm produces the channels. */
    public boolean isNorm() {
        return norm != null;
    }

    /** Its number of channels. */
    public int channels() {
        return Math.toIntExact(linears.get(0).inputs());
    }

    /** The producer's row or element that makes a channel. */
    public int producerRow(int channel) {
        return firstRow + channel / headSize / repeats * headSize + channel % headSize;
    }

    /** Gives the channels that one row of the producer makes their mean, in place: one value a channel. */
    public void average(double[] values) {
        if (repeats == 1) {
            return;
        }
        for (int first = 0; first < values.length; first += headSize * repeats) {
            for (int i = first; i < first + headSize; i++) {
                double sum = 0;
                for (int repeat = 0; repeat < repeats; repeat++) {
                    sum += values[i + repeat * headSize];
                }
                for (int repeat = 0; repeat < repeats; repeat++) {
                    values[i + repeat * headSize] = sum / repeats;
                }
            }
        }
    }

    /** The producer's bias, where there is one. */
    public String producerBias() {
        return (producer.endsWith(WEIGHT) ? producer.substring(0, producer.length() - WEIGHT.length()) : producer) + ".bias";
    }

    /** Whether experts read the channels, but no router, which would see all tokens: their statistics are put together then. */
    public boolean isOfPooledExperts() {
        return expert == LinearLayer.NO_EXPERT && linears.get(0).expert() != LinearLayer.NO_EXPERT && steering.isEmpty();
    }

    /** The layer whose input's statistics are those of all its layers: the router where there is one, which sees all tokens. */
    public LinearLayer statisticsOf() {
        return steering.isEmpty() ? linears.get(0) : steering.get(0);
    }
}
