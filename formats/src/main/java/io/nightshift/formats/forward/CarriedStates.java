package io.nightshift.formats.forward;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What tokens carry from layer to layer besides their hidden states: the inputs of layers that are still to come, and keys and
 * values that later layers attend to. Of most families nothing. Layers replace it by what is behind them; arrays in it are
 * never changed.
 */
public final class CarriedStates implements Serializable {
    private static final long serialVersionUID = 1;

    private PerLayerInputs inputs;
    private final SortedMap<Integer, float[]> keys;

    /**
     * What was carried somewhere.
     *
     * @param inputs as {@link #inputs} gave them
     * @param keys as {@link #keys} gave them
     */
    public CarriedStates(PerLayerInputs inputs, Map<Integer, float[]> keys) {
        this.inputs = inputs;
        this.keys = new TreeMap<>(keys);
    }

    /** Nothing. */
    public static CarriedStates none() {
        return new CarriedStates(PerLayerInputs.NONE, Map.of());
    }

    /** The inputs of the layers to come. */
    public PerLayerInputs inputs() {
        return inputs;
    }

    /**
     * Of layers whose keys and values later ones attend to: a token's keys, as they are attended to, and then its values.
     * Between the halves of a layer that read the same: what they read.
     */
    public SortedMap<Integer, float[]> keys() {
        return Collections.unmodifiableSortedMap(keys);
    }

    /**
     * What some tokens carry.
     *
     * @param tokens number of all
     */
    public CarriedStates ofTokens(int from, int to, int tokens) {
        CarriedStates some = new CarriedStates(inputs.ofTokens(from, to), keys);
        if (from > 0 || to < tokens) {
            some.keys.replaceAll((layer, rows) ->
                    Arrays.copyOfRange(rows, rows.length / tokens * from, rows.length / tokens * to));
        }
        return some;
    }

    /** What tokens carry that were apart, all before the same layer; at least one of them. */
    public static CarriedStates joined(List<CarriedStates> parts) {
        CarriedStates joined = new CarriedStates(
                PerLayerInputs.joined(parts.stream().map(CarriedStates::inputs).toList()), parts.get(0).keys);
        if (parts.size() > 1) {
            joined.keys.replaceAll((layer, rows) -> stacked(parts.stream().map(part -> part.keys.get(layer)).toList()));
        }
        return joined;
    }

    /** Arrays, one behind another. */
    static float[] stacked(List<float[]> arrays) {
        float[] all = new float[arrays.stream().mapToInt(array -> array.length).reduce(0, Math::addExact)];
        int at = 0;
        for (float[] array : arrays) {
            System.arraycopy(array, 0, all, at, array.length);
            at += array.length;
        }
        return all;
    }

    /** Keys and values that an earlier layer kept. */
    float[] keysOf(int layer) {
        return keys.get(layer);
    }

    /** Keeps the keys and values of a layer. */
    void keep(int layer, float[] rows) {
        keys.put(layer, rows);
    }

    /** Drops what nothing behind a layer needs. */
    void pass(int layer, DecoderModel model) {
        inputs = inputs.behind(layer);
        for (int source : new ArrayList<>(keys.keySet())) {
            if (model.lastReaderOfKeys(source) <= layer) {
                keys.remove(source);
            }
        }
    }
}
