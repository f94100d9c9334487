package io.nightshift.formats.architecture;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.checkpoint.ModelConfig;
import io.nightshift.formats.gguf.GgufMetadata;
import io.nightshift.formats.gguf.GgufValue;
import java.math.BigDecimal;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What a model says of itself besides its weights, under the names that it has in GGUF: layers, heads, rotation, context,
 * epsilon. Two models whose tensors have the same shapes may still differ in these. Blocks that predict further tokens are
 * left out of account: they are not run.
 */
public final class Hyperparameters {
    /** What llama.cpp takes where a file does not say it (llama-model.cpp, load_hparams). */
    private static final float ROPE_BASE = 10_000;

    /** File type of llama.h, LLAMA_FTYPE_MOSTLY_F16. */
    private static final int MOSTLY_F16 = 1;

    /** Of the rotation there are numbers for axes or frequencies, not for layers. */
    private static final String ROPE = "rope.";

    private static final String PREDICTION = "nextn_predict_layers";

    private final String architecture;
    private final Map<String, Object> values = new TreeMap<>();

    private Hyperparameters(String architecture, GgufMetadata metadata) {
        this.architecture = architecture;
        metadata.values().forEach((key, value) -> {
            if (key.startsWith(architecture + ".")) {
                values.put(key.substring(architecture.length() + 1), value.plain());
            }
        });
        derive();
    }

    /**
     * Those of a configuration.
     *
     * @throws InvalidModelException if its architecture is not supported, or a value is missing or cannot be used
     */
    public static Hyperparameters of(ModelConfig config) {
        Architecture architecture = Architectures.of(config);
        ModelConfig adapted = architecture.adapted(config);
        HyperparameterWriter writer =
                new HyperparameterWriter(architecture.name(), MOSTLY_F16, BlockCount.layers(adapted));
        architecture.leading().forEach(key -> key.write(adapted, writer));
        architecture.hyperparameters().forEach(key -> key.write(adapted, writer));
        Hyperparameters all = new Hyperparameters(architecture.name(), writer.metadata());
        all.values.remove(PREDICTION);
        return all;
    }

    /**
     * Those of a GGUF file.
     *
     * @throws InvalidModelException if it does not say its architecture
     */
    public static Hyperparameters of(GgufMetadata metadata) {
        if (metadata.get("general.architecture").orElse(null) instanceof GgufValue.Text text) {
            Hyperparameters all = new Hyperparameters(text.value(), metadata);
            all.leavePredictionOut();
            return all;
        }
        throw new InvalidModelException("general.architecture is missing, or no text");
    }

    /** Blocks that predict further tokens stand behind the last layer; a file may do without them. */
    private void leavePredictionOut() {
        if (values.remove(PREDICTION) instanceof Number predicting
                && values.get("block_count") instanceof Number blocks) {
            long layers = blocks.longValue() - predicting.longValue();
            values.put("block_count", layers);
            values.replaceAll((key, value) -> value instanceof List<?> list && list.size() == blocks.longValue() && layers >= 0
                    && !key.startsWith(ROPE) ? list.subList(0, (int) layers) : value);
        }
    }

    /** Values that files may leave out because loaders know what follows from the others. */
    private void derive() {
        ifMissing("attention.head_count_kv", values.get("attention.head_count"));
        if (values.get("embedding_length") instanceof Number width
                && values.get("attention.head_count") instanceof Number heads && heads.longValue() > 0) {
            ifMissing("attention.key_length", width.longValue() / heads.longValue());
            ifMissing("attention.value_length", width.longValue() / heads.longValue());
        }
        ifMissing("rope.dimension_count", values.get("attention.key_length"));
        ifMissing("rope.freq_base", ROPE_BASE);
        // Loaders count the tokens, and the rows of the embedding are compared with the original's.
        values.remove("vocab_size");
    }

    private void ifMissing(String key, Object value) {
        if (value != null) {
            values.putIfAbsent(key, value);
        }
    }

    /**
     * Refuses a model that does not say of itself what its original says.
     *
     * @param location of the model that these belong to, for the message
     * @param original the original's
     * @param originalLocation where that is
     * @throws InvalidModelException if one is missing, superfluous or different; the message names it and both values
     */
    public void requireSame(String location, Hyperparameters original, String originalLocation) {
        if (!architecture.equals(original.architecture)) {
            throw new InvalidModelException(location + ": is of the architecture '" + architecture
                    + "', but the model " + originalLocation + " is a " + original.architecture);
        }
        Set<String> keys = new TreeSet<>(values.keySet());
        keys.addAll(original.values.keySet());
        for (String key : keys) {
            Object own = values.get(key);
            Object others = original.values.get(key);
            if (!same(own, others)) {
                throw new InvalidModelException(location + ": " + architecture + "." + key + " is " + shown(own)
                        + ", but in the model " + originalLocation + " it is " + shown(others)
                        + ": the figures would be those of another model");
            }
        }
    }

    private static String shown(Object value) {
        return value == null ? "missing" : value.toString();
    }

    /** Numbers are the same whatever type they are written in; fractions have 32 bits. */
    private static boolean same(Object one, Object other) {
        if (one instanceof Number number && other instanceof Number otherNumber) {
            return isFraction(number) || isFraction(otherNumber)
                    ? number.floatValue() == otherNumber.floatValue()
                    : new BigDecimal(number.toString()).equals(new BigDecimal(otherNumber.toString()));
        }
        if (one instanceof List<?> list && other instanceof List<?> otherList) {
            for (int i = 0; i < Math.min(list.size(), otherList.size()); i++) {
                if (!same(list.get(i), otherList.get(i))) {
                    return false;
                }
            }
            return list.size() == otherList.size();
        }
        return Objects.equals(one, other);
    }

    private static boolean isFraction(Number number) {
        return number instanceof Float || number instanceof Double;
    }
}
