package io.nightshift.formats.exl2;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What takes one choice of parameter sets together: the attention or the feed-forward of a layer, its experts too.
 *
 * @param key its name in a measurement file, such as {@code model.layers.0.self_attn}
 * @param matrices its linear layers
 */
public record Exl2Block(String key, List<Matrix> matrices) implements Serializable {
    private static final List<String> ATTENTION = List.of("q_proj", "k_proj", "v_proj", "o_proj");

    /** Roles in the order of the parameter sets. */
    private static final List<List<String>> ROLES =
            List.of(ATTENTION, List.of("gate_proj", "up_proj", "down_proj"), List.of("w1", "w3", "w2"));

    /**
     * A linear layer.
     *
     * @param role its name in a measurement: {@code q_proj}, {@code up_proj}, for experts {@code w1}, {@code w2}, {@code w3};
     *     experts share roles
     * @param inputs input channels
     * @param outputs with their padding
     * @param bias whether it has one
     */
    public record Matrix(String role, long inputs, long outputs, boolean bias) implements Serializable {}

    /** Copies the list. */
    public Exl2Block {
        matrices = List.copyOf(matrices);
    }

    /** Number of weights, padding among them, as ExLlamaV2 counts them for bits per weight. */
    public long weights() {
        return matrices.stream().mapToLong(matrix -> matrix.inputs() * matrix.outputs()).sum();
    }

    /** The roles, each once. */
    public List<String> roles() {
        return matrices.stream().map(Matrix::role).distinct().toList();
    }

    /**
     * Bits of the whole block.
     *
     * @param parameters a parameter set for each role
     */
    public long totalBits(Map<String, ParameterSet> parameters) {
        long bits = 0;
        for (Matrix matrix : matrices) {
            bits += parameters.get(matrix.role()).totalBits(matrix.inputs(), matrix.outputs(), matrix.bias());
        }
        return bits;
    }

    /**
     * The choices that ExLlamaV2 measures.
     *
     * @return for each of {@link ParameterSets#ATTENTION} or {@link ParameterSets#FEED_FORWARD} a set for each role
     */
    public List<Map<String, ParameterSet>> choices() {
        List<String> places = ROLES.stream().filter(names -> names.containsAll(roles())).findFirst().orElseThrow();
        List<List<ParameterSet>> sets = places == ATTENTION ? ParameterSets.ATTENTION : ParameterSets.FEED_FORWARD;
        List<Map<String, ParameterSet>> choices = new ArrayList<>();
        for (List<ParameterSet> set : sets) {
            Map<String, ParameterSet> choice = new LinkedHashMap<>();
            for (String role : roles()) {
                choice.put(role, set.get(places.indexOf(role)));
            }
            choices.add(choice);
        }
        return choices;
    }
}
