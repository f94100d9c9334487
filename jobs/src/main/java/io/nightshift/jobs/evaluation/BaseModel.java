package io.nightshift.jobs.evaluation;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.architecture.TensorRecipe;
import io.nightshift.formats.weights.QuantizedFormats;
import io.nightshift.jobs.forward.ModelReference;
import io.nightshift.jobs.forward.SourceModel;
import io.nightshift.jobs.storage.FileReference;
import io.nightshift.jobs.storage.HadoopSettings;
import io.nightshift.jobs.tasks.RunId;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/** The model that a fine-tune began from: another checkpoint of the same shapes and vocabulary, or what it predicted. */
final class BaseModel {
    /** A fine-tune may rename so many of a vocabulary's tokens: reserved ones become markers of chats. */
    private static final double RENAMED = 0.01;

    /** A fine-tune may have an output matrix of its own where its base's is the embedding. */
    private static final String OUTPUT = "output.weight";

    private BaseModel() {}

    /**
     * Finds a base and compares it with the fine-tune, as far as headers tell.
     *
     * @param location a checkpoint or a base-logits file
     * @throws InvalidModelException if it cannot be the fine-tune's base
     * @throws IOException if it cannot be read
     */
    static Predictor find(RunId run, String location, SourceModel fineTune, Optional<String> preTokenizer,
            HadoopSettings settings, Consumer<String> warnings) throws IOException {
        if (QuantizedFormats.ofFile(location).isPresent()) {
            throw new InvalidModelException("--base " + location + ": is a quantized model; give the checkpoint that was"
                    + " fine-tuned, or a base-logits file of it");
        }
        if (FileReference.isFile(location, settings)) {
            LogitsFile file = LogitsFile.find(location, settings);
            file.requireVocabulary(fineTune.decoder().vocabulary());
            return file;
        }
        SourceModel base = SourceModel.open(location, preTokenizer, settings, warnings);
        requireVocabulary(location, base, fineTune);
        requireShapes(location, base, fineTune);
        return new ModelPredictor(ModelReference.of(run, base.decoder(), base.folder()));
    }

    /** Refuses chunks that are longer than its sequences. */
    static void requireLength(Predictor base, int context) {
        if (base instanceof ModelPredictor model && context > model.model().model().longestSequence()) {
            throw new InvalidModelException("--context " + context + ": the base takes sequences of up to "
                    + model.model().model().longestSequence() + " tokens (max_position_embeddings in config.json)");
        }
    }

    private static void requireVocabulary(String location, SourceModel base, SourceModel fineTune) {
        int vocabulary = fineTune.decoder().vocabulary();
        if (base.decoder().vocabulary() != vocabulary) {
            throw new InvalidModelException("--base " + location + ": has " + base.decoder().vocabulary()
                    + " tokens in its vocabulary, where the fine-tune has " + vocabulary
                    + ": their predictions cannot be compared; give the base with the fine-tune's vocabulary");
        }
        List<byte[]> tokens = base.tokens();
        List<byte[]> others = fineTune.tokens();
        long different = IntStream.range(0, Math.min(tokens.size(), others.size()))
                .filter(i -> !Arrays.equals(tokens.get(i), others.get(i)))
                .count();
        if (different > RENAMED * others.size()) {
            throw new InvalidModelException("--base " + location + ": " + different + " of " + others.size()
                    + " tokens are other ones than the fine-tune's; is it the base of this model?");
        }
    }

    private static void requireShapes(String location, SourceModel base, SourceModel fineTune) {
        Map<String, TensorRecipe> its = base.decoder().tensors().recipes();
        Map<String, TensorRecipe> own = fineTune.decoder().tensors().recipes();
        for (TensorRecipe recipe : own.values()) {
            TensorRecipe other = its.get(recipe.name());
            if (other == null && !recipe.name().equals(OUTPUT)) {
                throw notTheBase(location, "has no " + recipe.name() + ", which the fine-tune has");
            }
            if (other != null && !other.shape().equals(recipe.shape())) {
                throw notTheBase(location, recipe.name() + " has the shape " + other.shape()
                        + ", where the fine-tune's has " + recipe.shape());
            }
        }
        for (String name : its.keySet()) {
            if (!own.containsKey(name) && !name.equals(OUTPUT)) {
                throw notTheBase(location, "has " + name + ", which the fine-tune lacks");
            }
        }
    }

    private static InvalidModelException notTheBase(String location, String why) {
        return new InvalidModelException("--base " + location + ": " + why + "; is it the base of this model?");
    }
}
