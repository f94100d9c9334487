package io.nightshift.jobs.calibration;

import io.nightshift.formats.forward.LinearInput;
import io.nightshift.formats.statistics.InputSummary;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;

/**
 * What was seen of an input, without its Gram matrix. Not safe for use by several threads.
 */
final class InputSums implements Serializable {
    private static final long serialVersionUID = 1;

    private final int layer;
    private final ArrayList<String> linears;
    private final int expert;
    private final boolean pooled;
    private final boolean gram;
    private final double[] squares;
    private final double[] absolutes;
    private long tokens;

    private InputSums(int layer, List<String> linears, int expert, boolean pooled, boolean gram, int channels) {
        this.layer = layer;
        this.linears = new ArrayList<>(linears);
        this.expert = expert;
        this.pooled = pooled;
        this.gram = gram;
        squares = new double[channels];
        absolutes = new double[channels];
    }

    /** Nothing seen yet of an input. */
    static InputSums of(LinearInput input) {
        return new InputSums(input.layer(), input.linears(), input.expert(), false, true, input.channels());
    }

    /** Nothing seen yet of an input that all experts share. */
    static InputSums pooled(LinearInput ofExpert) {
        return new InputSums(ofExpert.layer(), ofExpert.linears(), LinearInput.NO_EXPERT, true, true, ofExpert.channels());
    }

    /**
     * Nothing seen yet of a tensor with a matrix for each head. Of what these read there is no Gram matrix: nothing is rounded
     * by it.
     *
     * @param channels of all heads, one head's behind another's
     */
    static InputSums ofHeads(int layer, String linear, int channels) {
        return new InputSums(layer, List.of(linear), LinearInput.NO_EXPERT, false, false, channels);
    }

    /** Its name in the statistics. */
    String name() {
        String first = (layer == LinearInput.OUTPUT_HEAD ? "" : "blk." + layer + ".") + linears.get(0);
        if (pooled) {
            return first + InputSummary.POOLED;
        }
        return expert == LinearInput.NO_EXPERT ? first : first + "." + expert;
    }

    int layer() {
        return layer;
    }

    int expert() {
        return expert;
    }

    boolean isPooled() {
        return pooled;
    }

    /** Whether its Gram matrix is kept, where Gram matrices are. */
    boolean hasGram() {
        return gram;
    }

    int channels() {
        return squares.length;
    }

    long tokens() {
        return tokens;
    }

    double[] squares() {
        return squares;
    }

    double[] absolutes() {
        return absolutes;
    }

    List<String> tensorNames() {
        return new LinearInput(layer, linears, expert, channels()).tensorNames();
    }

    void addTokens(int more) {
        tokens += more;
    }

    /** Adds what was seen elsewhere. */
    void add(InputSums other) {
        tokens += other.tokens;
        for (int i = 0; i < squares.length; i++) {
            squares[i] += other.squares[i];
            absolutes[i] += other.absolutes[i];
        }
    }

    /** Nothing seen yet of the same input. */
    InputSums empty() {
        return new InputSums(layer, linears, expert, pooled, gram, channels());
    }
}
