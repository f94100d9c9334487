package io.nightshift.formats.architecture;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.checkpoint.Checkpoint;
import io.nightshift.formats.checkpoint.ModelConfig;
import io.nightshift.formats.tokenizer.VocabularyRule;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/** A family of models, as data. Made by {@link #named}. */
public final class Architecture {
    /** A check of the configuration, which refuses variants that the table is not right for. */
    @FunctionalInterface
    interface Check {
        void test(Checkpoint checkpoint) throws IOException;
    }

    private final String name;
    private final VocabularyRule vocabulary;
    private final List<String> modelClasses;
    private final Predicate<ModelConfig> which;
    private final List<TensorRow> tensors;
    private final SourceNaming naming;
    private final BlockCount blocks;
    private final UnaryOperator<ModelConfig> configuration;
    private final List<ComputedTensors> computed;
    private final List<LayerNumber> layerNumbers;
    private final List<Hyperparameter> leading;
    private final List<Hyperparameter> hyperparameters;
    private final List<Check> checks;
    private final List<LinearGroup> linearGroups;
    private final Optional<DecoderTraits> traits;

    private Architecture(Builder builder) {
        this.name = builder.name;
        this.vocabulary = builder.vocabulary;
        this.modelClasses = builder.modelClasses;
        this.which = builder.which;
        this.tensors = List.copyOf(builder.tensors);
        this.naming = builder.naming;
        this.blocks = builder.blocks;
        this.configuration = builder.configuration;
        this.computed = List.copyOf(builder.computed);
        this.layerNumbers = builder.layerNumbers;
        this.leading = builder.leading;
        this.hyperparameters = List.copyOf(builder.hyperparameters);
        this.checks = List.copyOf(builder.checks);
        this.linearGroups = builder.linearGroups;
        this.traits = builder.traits;
    }

    /** The beginning of a family's table. */
    static Builder named(String name, String... modelClasses) {
        return new Builder(name, List.of(modelClasses));
    }

    /** Its name in GGUF. */
    public String name() {
        return name;
    }

    /** Which of the tokenizers of a folder is taken, and what is written about it. */
    public VocabularyRule vocabulary() {
        return vocabulary;
    }

    /** The names in {@code architectures} of {@code config.json}. */
    public List<String> modelClasses() {
        return modelClasses;
    }

    /** Whether models of a class are of this architecture, which for some classes hangs on the configuration. */
    boolean isOf(String modelClass, ModelConfig config) {
        return modelClasses.contains(modelClass) && which.test(config);
    }

    /** Which source tensors make which output tensors. */
    List<TensorRow> tensors() {
        return tensors;
    }

    /** What source tensors are called in the table, and which are left out. */
    SourceNaming naming() {
        return naming;
    }

    /** The configuration as the converter's class of the family sees it. */
    public ModelConfig adapted(ModelConfig config) {
        return configuration.apply(config);
    }

    /** How many blocks the model has. */
    BlockCount blocks() {
        return blocks;
    }

    /** What makes the tensors that are worked out from the configuration. */
    List<ComputedTensors> computed() {
        return computed;
    }

    /** Tensors that become metadata; they come before all other keys of the architecture. */
    List<LayerNumber> layerNumbers() {
        return layerNumbers;
    }

    /** Metadata that the converter writes before everything but the architecture's name. */
    List<Hyperparameter> leading() {
        return leading;
    }

    /** Metadata in the order in which the converter sets it. */
    List<Hyperparameter> hyperparameters() {
        return hyperparameters;
    }

    /** Refuses what the table is not right for. */
    void check(Checkpoint checkpoint) throws IOException {
        for (Check check : checks) {
            check.test(checkpoint);
        }
    }

    /**
     * What feeds which linear layers, within a layer.
     *
     * @throws InvalidModelException if the family has no forward pass here
     */
    public List<LinearGroup> linearGroups() {
        traits();
        return linearGroups;
    }

    /** Whether the family has a forward pass here. */
    public boolean runs() {
        return traits.isPresent();
    }

    /**
     * What the forward pass does in the family's own way.
     *
     * @throws InvalidModelException if the family has none here
     */
    public DecoderTraits traits() {
        return traits.orElseThrow(() -> new InvalidModelException("models of the architecture " + name
                + " (" + modelClasses.get(0) + ") cannot be run here yet: they become GGUF files, with --imatrix or"
                + " without, but there is no calibration, evaluation, rounding or AWQ of them"));
    }

    /** Collects a family's table. */
    static final class Builder {
        private final String name;
        private final List<String> modelClasses;
        private final List<TensorRow> tensors = new ArrayList<>();
        private final List<ComputedTensors> computed = new ArrayList<>();
        private final List<Hyperparameter> hyperparameters = new ArrayList<>();
        private final List<Check> checks = new ArrayList<>();
        private Predicate<ModelConfig> which = config -> true;
        private VocabularyRule vocabulary = VocabularyRule.BYTE_PAIR;
        private SourceNaming naming = SourceNaming.STANDARD;
        private BlockCount blocks = BlockCount.LAYERS;
        private UnaryOperator<ModelConfig> configuration = UnaryOperator.identity();
        private List<LayerNumber> layerNumbers = List.of();
        private List<Hyperparameter> leading = List.of();
        private List<LinearGroup> linearGroups = List.of();
        private Optional<DecoderTraits> traits = Optional.empty();

        private Builder(String name, List<String> modelClasses) {
            this.name = name;
            this.modelClasses = modelClasses;
        }

        @SafeVarargs
        final Builder tensors(List<TensorRow>... parts) {
            Stream.of(parts).forEach(tensors::addAll);
            return this;
        }

        Builder tensors(TensorRow... rows) {
            tensors.addAll(List.of(rows));
            return this;
        }

        Builder hyperparameters(Hyperparameter... keys) {
            hyperparameters.addAll(List.of(keys));
            return this;
        }

        /** Which models of the classes are of this architecture, where the configuration decides. */
        Builder when(Predicate<ModelConfig> some) {
            which = some;
            return this;
        }

        Builder vocabulary(VocabularyRule rule) {
            vocabulary = rule;
            return this;
        }

        /** Source tensors that are dropped besides those that are for all families. */
        Builder leavingOut(String... names) {
            naming = naming.leavingOut(name -> List.of(names).contains(name));
            return this;
        }

        Builder naming(SourceNaming names) {
            naming = names;
            return this;
        }

        Builder blocks(BlockCount count) {
            blocks = count;
            return this;
        }

        /** Keys of the configuration that the converter changes for this family. */
        Builder configuration(UnaryOperator<ModelConfig> change) {
            configuration = change;
            return this;
        }

        Builder computing(ComputedTensors made) {
            computed.add(made);
            return this;
        }

        Builder layerNumbers(LayerNumber... numbers) {
            layerNumbers = List.of(numbers);
            return this;
        }

        Builder leading(Hyperparameter... keys) {
            leading = List.of(keys);
            return this;
        }

        Builder check(Check check) {
            checks.add(check);
            return this;
        }

        /** Values of a key of the configuration that the table is right for; a missing or null key is. */
        Builder only(String key, Object... values) {
            return check(checkpoint -> Variants.refuseOthers(checkpoint.config(), key, values));
        }

        /** What the forward pass needs. */
        Builder forward(List<LinearGroup> groups, DecoderTraits how) {
            linearGroups = groups;
            traits = Optional.of(how);
            return this;
        }

        Architecture build() {
            return new Architecture(this);
        }
    }
}
