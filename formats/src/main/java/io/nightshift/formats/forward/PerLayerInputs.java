package io.nightshift.formats.forward;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Inputs that layers have of their own (Gemma 4 E2B and E4B), of those layers that are still to come. They follow from the
 * token alone, so a token that occurs often has them once.
 *
 * @param channels numbers a token and layer
 * @param rows of each token, its row
 * @param firstLayer the layer that the first of {@code ofLayers} belongs to
 * @param ofLayers of each layer, a row for each token that occurs; not to be changed
 */
public record PerLayerInputs(int channels, int[] rows, int firstLayer, List<float[]> ofLayers) implements Serializable {
    /** Those of models without any. */
    public static final PerLayerInputs NONE = new PerLayerInputs(0, new int[0], 0, List.of());

    /** The rows of a layer. */
    float[] of(int layer) {
        return ofLayers.get(layer - firstLayer);
    }

    /** Those of the layers behind one. */
    PerLayerInputs behind(int layer) {
        int passed = layer + 1 - firstLayer;
        return passed < ofLayers.size()
                ? new PerLayerInputs(channels, rows, layer + 1, List.copyOf(ofLayers.subList(passed, ofLayers.size())))
                : NONE;
    }

    /** Those of tokens [from, to). */
    PerLayerInputs ofTokens(int from, int to) {
        return ofLayers.isEmpty()
                ? NONE
                : new PerLayerInputs(channels, Arrays.copyOfRange(rows, from, to), firstLayer, ofLayers);
    }

    /** Those of tokens that were apart, all before the same layer. */
    static PerLayerInputs joined(List<PerLayerInputs> parts) {
        PerLayerInputs first = parts.get(0);
        if (parts.size() == 1 || first.ofLayers.isEmpty()) {
            return first;
        }
        boolean shared = parts.stream().allMatch(part -> part.ofLayers.get(0) == first.ofLayers.get(0));
        int[] rows = new int[parts.stream().mapToInt(part -> part.rows.length).sum()];
        int token = 0;
        int start = 0;
        for (PerLayerInputs part : parts) {
            for (int row : part.rows) {
                rows[token++] = start + row;
            }
            start += shared ? 0 : part.ofLayers.get(0).length / part.channels;
        }
        return new PerLayerInputs(first.channels, rows, first.firstLayer, shared ? first.ofLayers : stacked(parts));
    }

    private static List<float[]> stacked(List<PerLayerInputs> parts) {
        List<float[]> stacked = new ArrayList<>();
        for (int layer = 0; layer < parts.get(0).ofLayers.size(); layer++) {
            int index = layer;
            stacked.add(CarriedStates.stacked(parts.stream().map(part -> part.ofLayers.get(index)).toList()));
        }
        return List.copyOf(stacked);
    }
}
