package io.nightshift.formats.forward;

import com.fasterxml.jackson.databind.JsonNode;
import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.architecture.Architecture;
import io.nightshift.formats.architecture.Architectures;
import io.nightshift.formats.architecture.DecoderTraits;
import io.nightshift.formats.architecture.ModelConversion;
import io.nightshift.formats.architecture.Role;
import io.nightshift.formats.architecture.RotaryParameters;
import io.nightshift.formats.architecture.Rotation;
import io.nightshift.formats.architecture.TensorRecipe;
import io.nightshift.formats.checkpoint.Checkpoint;
import io.nightshift.formats.checkpoint.ModelConfig;
import io.nightshift.formats.gguf.GgufValue;
import io.nightshift.formats.weights.ModelTensors;
import io.nightshift.kernels.linear.CausalAttention;
import io.nightshift.kernels.linear.GatedDeltaRule;
import io.nightshift.kernels.linear.HeadAttention;
import io.nightshift.kernels.linear.SelectiveScan;
import io.nightshift.kernels.transformer.Activation;
import io.nightshift.kernels.transformer.ExpertRouting;
import io.nightshift.kernels.transformer.Xielu;
import java.io.IOException;
import java.io.Serializable;
import java.util.BitSet;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * What a forward pass needs to know of a model besides its weights, from {@code config.json}. Small and serializable: a
 * driver makes it, executors use it.
 */
public final class DecoderModel implements Serializable {
    private static final long serialVersionUID = 1;

    private final Sizes sizes;
    private final float epsilon;
    private final float embeddingScale;
    private final float attentionScale;
    private final float attentionSoftcap;
    private final float finalSoftcap;
    private final float residualScale;
    private final float logitScale;
    private final boolean sideBySide;
    private final String feedForwardNorm;
    private final QueryGrowth queryGrowth;
    private final Rotation rotation;
    private final boolean[] rotated;
    private final Activation activation;
    private final Xielu[] learnedActivations;
    private final ExpertRouting expertRouting;
    private final int[] windows;
    private final int[] heads;
    private final int[] keyHeads;
    private final int[] keysFrom;
    private final boolean valuesNormed;
    private final boolean[] sliding;
    private final RotaryParameters rotary;
    private final RotaryParameters rotaryOfSliding;
    private final GatedDeltaRule deltaRule;
    private final SelectiveScan scan;
    private final LatentShape latent;
    private final ModelTensors tensors;
    private final Map<LayerHalf, BitSet> halves;

    private record Sizes(int layers, int hidden, int vocabulary, int queryHeads, int longest, int experts,
            int expertsPerToken) implements Serializable {}

    private DecoderModel(Architecture family, Checkpoint checkpoint, ModelConversion conversion) {
        ModelConfig config = family.adapted(checkpoint.config());
        DecoderTraits traits = family.traits();
        tensors = ModelTensors.of(checkpoint, conversion);
        refuseUnknown(config);
        if (hasNormsOfEachHead(tensors)) {
            throw new InvalidModelException(config.location() + ": \"use_qk_norm\" is true, which is not known for "
                    + config.architecture() + " in calibration and evaluation; known is false");
        }
        halves = halves(tensors);
        sizes = sizes(config, tensors.recipes());
        epsilon = config.findNumber("rms_norm_eps", "norm_epsilon", "layer_norm_eps", "layer_norm_epsilon", "norm_eps")
                .orElse(1e-6).floatValue();
        embeddingScale = traits.embeddingsScaled()
                ? (float) Math.sqrt(sizes.hidden)
                : multiplier(traits, config, "embedding_multiplier");
        residualScale = multiplier(traits, config, "residual_multiplier");
        sideBySide = traits.sideBySide();
        logitScale = sideBySide ? (float) config.number("logit_scale") : 1 / multiplier(traits, config, "logits_scaling");
        feedForwardNorm = traits.feedForwardNorm();
        heads = new int[sizes.layers];
        keyHeads = new int[sizes.layers];
        keysFrom = new int[sizes.layers];
        valuesNormed = traits.heads().valuesNormed();
        latent = tensors.recipes().containsKey("blk.0.attn_kv_a_mqa.weight") ? LatentShape.of(config) : null;
        for (int layer = 0; layer < sizes.layers; layer++) {
            heads[layer] = Math.toIntExact(traits.heads().size(config, layer));
            keyHeads[layer] = Math.toIntExact(traits.heads().ofKeys(config, layer));
            keysFrom[layer] = traits.heads().keysFrom(config, layer);
            requireHeads(config, layer);
        }
        attentionScale = attentionScale(config, traits);
        attentionSoftcap = traits.attentionSoftcapped() ? number(config, "attn_logit_softcapping") : 0;
        finalSoftcap = number(config, "final_logit_softcapping");
        learnedActivations = learnedActivations(conversion);
        activation = activation(config, traits);
        expertRouting = routing(config, traits.expertWeights(), sizes);
        scan = hasLayer(tensors, ".ssm_in.weight") ? ScanShape.of(config, conversion) : null;
        deltaRule = scan == null && hasLayer(tensors, ".ssm_out.weight") ? deltaRule(config) : null;
        rotation = traits.rotation();
        queryGrowth = rotation.queriesGrow() ? QueryGrowth.of(config) : QueryGrowth.NONE;
        windows = new int[sizes.layers];
        sliding = new boolean[sizes.layers];
        rotated = new boolean[sizes.layers];
        for (int layer = 0; layer < sizes.layers; layer++) {
            windows[layer] = traits.windows().window(config, layer);
            sliding[layer] = traits.windows().slides(config, layer);
            rotated[layer] = rotation.layers().contains(config, layer);
        }
        rotary = RotaryParameters.of(config, headOf(false));
        rotaryOfSliding = RotaryParameters.ofSlidingLayers(config, headOf(true));
        if (latent != null && 2 * rotary.inverseFrequencies().length != latent.rotated()) {
            throw new InvalidModelException(config.location() + ": \"partial_rotary_factor\" leaves "
                    + 2 * rotary.inverseFrequencies().length + " of " + latent.rotated() + " channels to be rotated; known for "
                    + config.architecture() + " is that all are");
        }
    }

    /**
     * The model of a checkpoint.
     *
     * @throws InvalidModelException if its architecture is not supported, a tensor is missing, or the configuration
     *     asks for what the forward pass does not have; the message names it
     * @throws IOException if the checkpoint cannot be read
     */
    public static DecoderModel of(Checkpoint checkpoint) throws IOException {
        return of(checkpoint, Architectures.convertToRun(checkpoint));
    }

    /**
     * The same, of a checkpoint whose tensors have been converted already.
     *
     * @throws InvalidModelException if the configuration asks for what the forward pass does not have
     */
    public static DecoderModel of(Checkpoint checkpoint, ModelConversion conversion) {
        return new DecoderModel(conversion.architecture(), checkpoint, conversion);
    }

    private static Map<LayerHalf, BitSet> halves(ModelTensors tensors) {
        Map<LayerHalf, BitSet> halves = new EnumMap<>(LayerHalf.class);
        for (LayerHalf half : LayerHalf.values()) {
            halves.put(half, new BitSet());
        }
        for (TensorRecipe recipe : tensors.recipes().values()) {
            if (recipe.layer() >= 0) {
                Role.find(recipe.name()).ifPresent(role -> halves.get(LayerHalf.of(role)).set(recipe.layer()));
            }
        }
        return halves;
    }

    private static Sizes sizes(ModelConfig config, Map<String, TensorRecipe> tensors) {
        int layers = size(config, "num_hidden_layers");
        int hidden = size(config, "hidden_size");
        int queryHeads = size(config, "num_attention_heads");
        // The first layers of some families have none.
        Optional<TensorRecipe> router = IntStream.range(0, layers)
                .mapToObj(layer -> Optional.ofNullable(tensors.get("blk." + layer + ".ffn_gate_inp.weight")))
                .flatMap(Optional::stream)
                .findFirst();
        boolean experts = router.isPresent();
        int count = experts ? Math.toIntExact(router.get().rows()) : 0;
        int perToken = experts ? size(config, "num_experts_per_tok", "top_k_experts", "moe_k") : 0;
        if (experts && (perToken < 1 || perToken > count)) {
            throw new InvalidModelException(config.location() + ": \"num_experts_per_tok\" is " + perToken
                    + ", but there are " + count + " experts");
        }
        int vocabulary = Math.toIntExact(tensors.get("token_embd.weight").rows());
        int longest = config.findInteger("max_position_embeddings")
                .map(value -> (int) Math.min(Integer.MAX_VALUE, value))
                .orElse(Integer.MAX_VALUE);
        return new Sizes(layers, hidden, vocabulary, queryHeads, longest, count, perToken);
    }

    private void requireHeads(ModelConfig config, int layer) {
        int queries = sizes.queryHeads;
        int keys = keyHeads[layer];
        int head = heads[layer];
        if (queries == 0 || keys == 0 || queries % keys != 0 || head == 0 || head % 2 != 0) {
            throw new InvalidModelException(config.location() + ": " + queries + " query heads, " + keys
                    + " key heads of " + head + " channels: query heads must be a multiple of key heads, and channels"
                    + " an even number");
        }
    }

    private float attentionScale(ModelConfig config, DecoderTraits traits) {
        if (!traits.heads().scaled()) {
            return 1;
        }
        if (latent != null) {
            return (float) (Math.pow(latent.query(), -0.5) * RotaryParameters.productScaling(config));
        }
        double scaled = traits.queryScalar() ? config.findNumber("query_pre_attn_scalar").orElse(256.0) : heads[0];
        return traits.multiplied() ? multiplier(traits, config, "attention_multiplier") : (float) Math.pow(scaled, -0.5);
    }

    /** Channels of a head in layers with a window, or without one; in all layers where there are none of the kind. */
    private int headOf(boolean slides) {
        return IntStream.range(0, sizes.layers)
                .filter(layer -> sliding[layer] == slides)
                .map(layer -> heads[layer])
                .findFirst()
                .orElse(heads[0]);
    }

    private static GatedDeltaRule deltaRule(ModelConfig config) {
        int keys = size(config, "linear_num_key_heads");
        int values = size(config, "linear_num_value_heads");
        if (keys == 0 || values == 0 || values % keys != 0) {
            throw new InvalidModelException(config.location() + ": " + values + " value heads, " + keys + " key heads of linear"
                    + " attention: value heads must be a multiple of key heads");
        }
        return new GatedDeltaRule(keys, values, size(config, "linear_key_head_dim"), size(config, "linear_value_head_dim"));
    }

    private static boolean hasLayer(ModelTensors tensors, String tensor) {
        return tensors.recipes().keySet().stream().anyMatch(name -> name.endsWith(tensor));
    }

    private static ExpertRouting routing(ModelConfig config, DecoderTraits.ExpertWeights weights, Sizes sizes) {
        int perToken = sizes.expertsPerToken;
        return switch (weights) {
            case NORMALIZED -> ExpertRouting.softmax(perToken, true);
            case AS_CONFIGURED -> ExpertRouting.softmax(perToken, config.flag("norm_topk_prob"));
            case SIGMOID -> new ExpertRouting(perToken, true, true, 1, 1, 1);
            case SIGMOID_AND_A_MILLIONTH -> ExpertRouting.sigmoid(perToken, 1e-6f);
            case SIGMOID_OF_GROUPS -> {
                requireKnown(config, "topk_method", "noaux_tc");
                requireKnown(config, "scoring_func", "sigmoid");
                boolean normalized = config.find("norm_topk_prob").map(JsonNode::asBoolean).orElse(true);
                yield ofGroups(config, sizes, new ExpertRouting(perToken, true, normalized, scale(config), 1, 1));
            }
            case SOFTMAX_OF_GROUPS -> {
                requireKnown(config, "topk_method", "greedy", "group_limited_greedy");
                requireKnown(config, "scoring_func", "softmax");
                if (config.flag("norm_topk_prob")) {
                    throw new InvalidModelException(config.location() + ": \"norm_topk_prob\" is true, which is not known for "
                            + config.architecture() + " in calibration and evaluation: transformers leaves weights as they are,"
                            + " and others do not; known is false");
                }
                ExpertRouting all = new ExpertRouting(perToken, false, false, scale(config), 1, 1, 1);
                boolean limited = config.find("topk_method").filter(method -> method.asText().equals("group_limited_greedy"))
                        .isPresent();
                yield limited ? ofGroups(config, sizes, all) : all;
            }
        };
    }

    /** What a GGUF file may say, and this forward pass does not do. */
    private static void requireKnown(ModelConfig config, String key, String... known) {
        Optional<String> value = config.find(key).filter(node -> !node.isNull()).map(JsonNode::asText);
        if (value.isPresent() && !List.of(known).contains(value.get())) {
            throw new InvalidModelException(config.location() + ": \"" + key + "\" is \"" + value.get()
                    + "\", which is not known for " + config.architecture() + " in calibration and evaluation; known is "
                    + String.join(" or ", known));
        }
    }

    private static float scale(ModelConfig config) {
        return config.findNumber("routed_scaling_factor").orElse(1.0).floatValue();
    }

    /** The same, within the groups of a configuration. */
    private static ExpertRouting ofGroups(ModelConfig config, Sizes sizes, ExpertRouting routing) {
        int groups = config.findInteger("n_group").orElse(1L).intValue();
        int used = config.findInteger("topk_group").orElse(1L).intValue();
        if (sizes.experts > 0 && (groups < 1 || used < 1 || used > groups || sizes.experts % groups != 0
                || routing.perToken() > sizes.experts / groups * used)) {
            throw new InvalidModelException(config.location() + ": " + sizes.experts + " experts, of which \"n_group\" "
                    + groups + " makes groups and \"topk_group\" " + used + " leaves some: experts must be a multiple"
                    + " of the groups, and what is left enough for the " + routing.perToken() + " of a token");
        }
        return new ExpertRouting(routing.perToken(), routing.sigmoid(), routing.normalized(), routing.scale(), groups, used,
                routing.scoresAGroup(), routing.addend());
    }

    private static int size(ModelConfig config, String... keys) {
        long value = config.integer(keys);
        if (value > Integer.MAX_VALUE) {
            throw new InvalidModelException(
                    config.location() + ": \"" + keys[0] + "\" is " + value + ", which is too large");
        }
        return (int) value;
    }

    private static float number(ModelConfig config, String key) {
        return (float) config.findNumber(key).orElse(0.0).doubleValue();
    }

    /** A factor of families that have some; 1 where the configuration does not speak of it. */
    private static float multiplier(DecoderTraits traits, ModelConfig config, String key) {
        return traits.multiplied() ? (float) config.findNumber(key).orElse(1.0).doubleValue() : 1;
    }

    private static Activation activation(ModelConfig config, DecoderTraits traits) {
        String name = Optional.ofNullable(traits.activationKey())
                .flatMap(config::find)
                .map(JsonNode::asText)
                .orElse(traits.activation());
        return switch (name) {
            case "silu", "swish" -> Activation.SILU;
            case "gelu_pytorch_tanh", "gelu_new", "gelu_fast" -> Activation.GELU_TANH;
            case "gelu" -> Activation.GELU;
            case "relu2" -> Activation.SQUARED_RELU;
            case DecoderTraits.CLAMPED_SWIGLU -> Activation.CLAMPED_SWIGLU;
            case "xielu" -> null;
            default -> throw new InvalidModelException(config.location() + ": the activation function \"" + name
                    + "\" is not supported; supported are silu, gelu, gelu_pytorch_tanh, relu2 and xielu");
        };
    }

    /** One a layer, where the converter writes numbers of some. */
    private static Xielu[] learnedActivations(ModelConversion conversion) {
        float[][] numbers = Stream.of("alpha_p", "alpha_n", "beta", "eps")
                .map(name -> conversion.leadingMetadata().get("xielu." + name)
                        .map(value -> ((GgufValue.Float32s) value).values())
                        .orElse(new float[0]))
                .toArray(float[][]::new);
        return IntStream.range(0, numbers[0].length)
                .mapToObj(layer -> Xielu.of(numbers[0][layer], numbers[1][layer], numbers[2][layer], numbers[3][layer]))
                .toArray(Xielu[]::new);
    }

    /** Norms of queries with weights of each head's own. */
    private static boolean hasNormsOfEachHead(ModelTensors tensors) {
        TensorRecipe norm = tensors.recipes().get("blk.0.attn_q_norm.weight");
        return norm != null && norm.shape().size() > 1;
    }

    private static void refuseUnknown(ModelConfig config) {
        boolean causal = config.find("is_causal").map(JsonNode::asBoolean).orElse(true)
                && !config.flag("use_bidirectional_attention")
                // Gemma 4's other value, "vision", is of tokens of images.
                && config.find("use_bidirectional_attention").filter(value -> value.asText().equals("all")).isEmpty();
        if (!causal) {
            throw new InvalidModelException(config.location() + ": attention that is not causal is not supported in"
                    + " calibration and evaluation");
        }
    }

    /** Number of decoder layers. */
    public int layers() {
        return sizes.layers;
    }

    /** Channels of a hidden state. */
    public int hiddenSize() {
        return sizes.hidden;
    }

    /** Number of token ids: rows of the embedding. */
    public int vocabulary() {
        return sizes.vocabulary;
    }

    /** The longest sequence that the model is made for ({@code max_position_embeddings}). */
    public int longestSequence() {
        return sizes.longest;
    }

    /** Experts a layer, 0 where there are none. */
    public int experts() {
        return sizes.experts;
    }

    ExpertRouting expertRouting() {
        return expertRouting;
    }

    float epsilon() {
        return epsilon;
    }

    float embeddingScale() {
        return embeddingScale;
    }

    float finalSoftcap() {
        return finalSoftcap;
    }

    float residualScale() {
        return residualScale;
    }

    float logitScale() {
        return logitScale;
    }

    /** Whether a layer's feed-forward block reads what its attention reads. */
    public boolean isSideBySide() {
        return sideBySide;
    }

    /** Whether norms without a bias take off the mean, too. */
    boolean centersNorms() {
        return sideBySide;
    }

    String feedForwardNorm() {
        return feedForwardNorm;
    }

    Rotation rotation() {
        return rotation;
    }

    QueryGrowth queryGrowth() {
        return queryGrowth;
    }

    /** Whether a tensor is one of the model's, by its GGUF name. */
    boolean has(String tensor) {
        return tensors.recipes().containsKey(tensor);
    }

    /** Whether a layer has a half. */
    boolean has(int layer, LayerHalf half) {
        return halves.get(half).get(layer);
    }

    /** The activation function; null where layers have learned their own. */
    Activation activation() {
        return activation;
    }

    /** The activation function that a layer has learned, if it has. */
    Optional<Xielu> learnedActivation(int layer) {
        return layer < learnedActivations.length ? Optional.of(learnedActivations[layer]) : Optional.empty();
    }

    CausalAttention attention(int layer) {
        return new CausalAttention(sizes.queryHeads, keyHeads[layer], heads[layer], attentionScale, attentionSoftcap,
                windows[layer]);
    }

    /** The layer whose keys and values a layer attends to: itself or an earlier one. */
    int keysFrom(int layer) {
        return keysFrom[layer];
    }

    /** The last layer that attends to a layer's keys and values; itself where it alone does so. */
    int lastReaderOfKeys(int layer) {
        return IntStream.range(0, sizes.layers).filter(reader -> keysFrom[reader] == layer).max().orElse(layer);
    }

    boolean valuesNormed() {
        return valuesNormed;
    }

    /** The sizes of attention to compressed keys and values; null where they are not compressed. */
    LatentShape latent() {
        return latent;
    }

    /** Attention of a head, where keys and values are compressed. */
    HeadAttention latentAttention(int layer) {
        return new HeadAttention(attentionScale, attentionSoftcap, windows[layer]);
    }

    /** The states of layers with linear attention; null where there are none. */
    GatedDeltaRule deltaRule() {
        return deltaRule;
    }

    /** The states of layers of Mamba 2; null where there are none. */
    SelectiveScan scan() {
        return scan;
    }

    /** Nothing where positions turn nothing in a layer. */
    Optional<RotaryParameters> rotary(int layer) {
        return rotated[layer] ? Optional.of(sliding[layer] ? rotaryOfSliding : rotary) : Optional.empty();
    }

    /** Its tensors, as its checkpoint has them. */
    public ModelTensors tensors() {
        return tensors;
    }
}
