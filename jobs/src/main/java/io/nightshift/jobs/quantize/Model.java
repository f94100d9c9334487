package io.nightshift.jobs.quantize;

import io.nightshift.formats.Warnings;
import io.nightshift.formats.architecture.Architectures;
import io.nightshift.formats.architecture.EmbeddingReaders;
import io.nightshift.formats.architecture.LinearLayer;
import io.nightshift.formats.architecture.LinearLayers;
import io.nightshift.formats.architecture.MissingPredictionException;
import io.nightshift.formats.architecture.ModelConversion;
import io.nightshift.formats.checkpoint.Checkpoint;
import io.nightshift.jobs.storage.FolderReference;
import io.nightshift.jobs.storage.HadoopSettings;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A checkpoint as targets see it: its headers, and what follows from them. On the driver, for one job. */
public final class Model {
    private final FolderReference source;
    private final Checkpoint checkpoint;
    private final ModelConversion conversion;
    private final Optional<String> preTokenizer;
    private final Warnings warnings;
    private final Map<Object, Object> workedOut = new HashMap<>();

    private Model(FolderReference source, Checkpoint checkpoint, ModelConversion conversion, Optional<String> preTokenizer,
            Warnings warnings) {
        this.source = source;
        this.checkpoint = checkpoint;
        this.conversion = conversion;
        this.preTokenizer = preTokenizer;
        this.warnings = warnings;
    }

    /**
     * Reads the headers of a checkpoint.
     *
     * @param preTokenizer name of the BPE pre-tokenizer, where it is not to be recognised
     * @param prediction what becomes of blocks for predicting further tokens
     * @param warnings receives what was ignored or guessed
     * @throws io.nightshift.formats.InvalidModelException if it is broken or not supported
     * @throws IOException if it cannot be read
     */
    public static Model open(String location, HadoopSettings settings, Optional<String> preTokenizer, Prediction prediction,
            Warnings warnings) throws IOException {
        FolderReference source = FolderReference.find(location, settings);
        Checkpoint opened = Checkpoint.open(source.open());
        if (prediction != Prediction.LEFT_OUT) {
            try {
                return new Model(source, opened, Architectures.convert(opened), preTokenizer, warnings);
            } catch (MissingPredictionException e) {
                if (prediction == Prediction.KEPT) {
                    throw e;
                }
            }
        }
        Checkpoint without = opened.withoutPrediction();
        return new Model(source, without, Architectures.convert(without), preTokenizer, warnings);
    }

    /** What becomes of blocks for predicting further tokens, of families that have them. */
    public enum Prediction {
        /** They are kept, and wanted. */
        KEPT,
        /** They are kept where the checkpoint has them. */
        KEPT_IF_THERE,
        /** They are left out. */
        LEFT_OUT
    }

    /** Where it is, for tasks. */
    public FolderReference source() {
        return source;
    }

    /** Its name: the folder's. */
    public String name() {
        return checkpoint.folder().name();
    }

    /** Its headers. */
    public Checkpoint checkpoint() {
        return checkpoint;
    }

    /** Which source tensors make which tensors of a GGUF file: its family's table, applied. */
    public ModelConversion conversion() {
        return conversion;
    }

    /** All linear layers, routers among them, in the order of the table; the output projection, where it is one, last. */
    public List<LinearLayer> linears() throws IOException {
        return once(LinearLayer.class, model -> {
            List<LinearLayer> all = new ArrayList<>(LinearLayers.of(model.conversion()));
            LinearLayers.output(model.conversion()).ifPresent(all::add);
            return List.copyOf(all);
        });
    }

    /** What reads the token embedding first; none where the output projection shares its matrix. */
    public Optional<EmbeddingReaders> embeddingReaders() throws IOException {
        return once(EmbeddingReaders.class, model -> EmbeddingReaders.of(model.conversion()));
    }

    /** What statistics tell how to round: a target's linear layers, and the token embedding where it has readers. */
    List<LinearLayer> matrices(Target target) throws IOException {
        List<LinearLayer> all = new ArrayList<>(target.layers(this));
        embeddingReaders().ifPresent(readers -> all.add(readers.embedding()));
        return all;
    }

    /** The name of the BPE pre-tokenizer, if the user gave one. */
    public Optional<String> preTokenizer() {
        return preTokenizer;
    }

    /** Receives what was ignored or guessed. */
    public Warnings warnings() {
        return warnings;
    }

    /** Works something out of headers. */
    public interface Derivation<T> {
        /** @throws IOException if something cannot be read */
        T of(Model model) throws IOException;
    }

    /**
     * What several targets need is worked out once.
     *
     * @param key what it is worked out of, besides the model
     * @throws IOException if the derivation throws it
     */
    @SuppressWarnings("unchecked")
    public <T> T once(Object key, Derivation<T> derivation) throws IOException {
        if (!workedOut.containsKey(key)) {
            workedOut.put(key, derivation.of(this));
        }
        return (T) workedOut.get(key);
    }
}
