package io.nightshift.formats.architecture;

import static io.nightshift.formats.architecture.Dimension.HIDDEN;

import com.fasterxml.jackson.databind.JsonNode;
import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.checkpoint.ModelConfig;
import io.nightshift.formats.gguf.GgufValue;
import java.util.ArrayList;
import java.util.List;

/** What vision towers have in common: parts of their tables, and the keys that the converter's base class writes. */
final class TowerRows {
    /** Channels of what the language model reads. */
    static final Dimension TEXT_HIDDEN = Dimension.key("model.hidden_size");

    static final Dimension PATCH = Dimension.key("patch_size");

    /** Red, green and blue. */
    static final Dimension COLOURS = Dimension.constant(3);

    /** Keys of every tower, in the order in which they are written (conversion/base.py, MmprojModel.set_gguf_parameters). */
    static final Hyperparameter KEYS = Hyperparameter.all(List.of(
            Hyperparameter.fileType(),
            flag("has_vision_encoder"),
            size("vision.projection_dim", "model.hidden_size"),
            size("vision.image_size", "image_size"),
            size("vision.patch_size", "patch_size"),
            size("vision.embedding_length", "hidden_size"),
            size("vision.feed_forward_length", "intermediate_size"),
            size("vision.block_count", "num_hidden_layers"),
            TowerRows::heads,
            colours("image_mean"),
            colours("image_std")));

    private TowerRows() {}

    /** A matrix of a block with its bias. */
    static List<TensorRow> linear(String output, String source, Dimension outputs, Dimension inputs) {
        return List.of(
                TensorRow.of(output + ".weight", source + ".weight", outputs, inputs),
                TensorRow.of(output + ".bias", source + ".bias", outputs));
    }

    /** A norm with its bias. */
    static List<TensorRow> norm(String output, String source, Dimension channels) {
        return List.of(
                TensorRow.of(output + ".weight", source + ".weight", channels),
                TensorRow.of(output + ".bias", source + ".bias", channels));
    }

    /** A norm without one. */
    static List<TensorRow> scale(String output, String source, Dimension channels) {
        return List.of(TensorRow.of(output + ".weight", source + ".weight", channels));
    }

    /** A matrix without a bias. */
    static List<TensorRow> matrix(String output, String source, Dimension outputs, Dimension inputs) {
        return List.of(TensorRow.of(output + ".weight", source + ".weight", outputs, inputs));
    }

    /** The same rows for every block: names get what stands before them in a block. */
    @SafeVarargs
    static List<TensorRow> blocks(String sourcePrefix, List<TensorRow>... rows) {
        List<TensorRow> all = new ArrayList<>();
        for (List<TensorRow> some : rows) {
            for (TensorRow row : some) {
                TensorRow.Source source = row.sources().get(0);
                all.add(TensorRow.of("v.blk.{layer}." + row.output(), sourcePrefix + "{layer}." + source.name(),
                        source.transform(), row.shape().toArray(Dimension[]::new)));
            }
        }
        return List.copyOf(all);
    }

    /** The configuration with a value for a key that it does not have. */
    static ModelConfig withDefault(ModelConfig config, String key, long value) {
        return config.has(key) ? config : config.with(key, value);
    }

    /** A key that is true. */
    static Hyperparameter flag(String key) {
        return (config, out) -> out.set(key, new GgufValue.Bool(true));
    }

    /** A text that is the same for all models of the table. */
    static Hyperparameter text(String key, String value) {
        return (config, out) -> out.set(key, new GgufValue.Text(value));
    }

    /** A size, at least 1. */
    static Hyperparameter size(String key, String name) {
        return (config, out) -> out.set(key, positive(config, name));
    }

    /**
     * A number of the configuration, at least 1.
     *
     * @throws InvalidModelException if it is missing or 0
     */
    static long positive(ModelConfig config, String name) {
        long value = config.integer(name);
        if (value < 1) {
            throw new InvalidModelException(config.location() + ": \"" + name + "\" is 0, but must be at least 1");
        }
        return value;
    }

    private static void heads(ModelConfig config, HyperparameterWriter out) {
        long heads = positive(config, "num_attention_heads");
        if (HIDDEN.of(config) % heads != 0) {
            throw new InvalidModelException(config.location() + ": " + HIDDEN.of(config)
                    + " channels (\"hidden_size\") cannot be split among " + heads + " attention heads");
        }
        out.set("vision.attention.head_count", heads);
    }

    private static Hyperparameter colours(String key) {
        return (config, out) -> {
            JsonNode given = config.find(ImagePreparation.PREFIX + key).orElseThrow();
            float[] values = new float[given.size()];
            for (int i = 0; i < values.length; i++) {
                values[i] = given.get(i).floatValue();
            }
            out.set("vision." + key, new GgufValue.Float32s(values));
        };
    }
}
