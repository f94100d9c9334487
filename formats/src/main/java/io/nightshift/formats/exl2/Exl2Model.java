package io.nightshift.formats.exl2;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.architecture.FloatTensors;
import io.nightshift.formats.architecture.LinearLayer;
import io.nightshift.formats.architecture.LinearLayers;
import io.nightshift.formats.architecture.ModelConversion;
import io.nightshift.formats.architecture.SourceNames;
import io.nightshift.formats.architecture.SourceRows;
import io.nightshift.formats.checkpoint.Checkpoint;
import io.nightshift.formats.exl2.Exl2Block.Matrix;
import io.nightshift.formats.safetensors.SafetensorsTensor;
import io.nightshift.kernels.exl2.GroupLayout;
import io.nightshift.kernels.exl2.PackedLinear;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A checkpoint as ExLlamaV2 sees it, from its headers: the blocks that take a choice each, the head, and what is stored in
 * half precision. Every tensor of the checkpoint is in one of them.
 *
 * @param blocks attention and feed-forward of each layer, in order
 * @param linears the linear layers of each block, in the order of its matrices
 * @param head the output projection, {@code lm_head}; of a model with tied embeddings, these are quantized a second time
 * @param halves norms, embeddings and routers, which are stored as F16 under their own names
 * @param biases of quantized layers, by module: F16, padded like the outputs
 */
public record Exl2Model(List<Exl2Block> blocks, List<List<LinearLayer>> linears, LinearLayer head,
        List<SafetensorsTensor> halves, Map<String, SafetensorsTensor> biases) {
    private static final String TIED = "model.embed_tokens.weight";
    private static final Pattern FUSED = Pattern.compile(".*\\.(qkv_proj|gate_up_proj)");
    private static final Pattern ATTENTION = Pattern.compile("(.*\\.self_attn)\\.([qkvo]_proj)");
    private static final Pattern DENSE = Pattern.compile("(.*)\\.mlp\\.((?:gate|up|down)_proj)");
    private static final Pattern EXPERT =
            Pattern.compile("(.*)\\.(?:mlp|block_sparse_moe)\\.experts\\.\\d+\\.(gate_proj|up_proj|down_proj|w1|w2|w3)");

    /** The names that measurements have for the layers of an expert. */
    private static final Map<String, String> EXPERT_ROLES = Map.of("gate_proj", "w1", "up_proj", "w3", "down_proj", "w2");

    /**
     * Reads a checkpoint's headers.
     *
     * @param conversion of the same checkpoint
     * @throws InvalidModelException if neither we nor ExLlamaV2 know the architecture, or a layer does not fit the format;
     *     the message names the tensor
     */
    public static Exl2Model of(Checkpoint checkpoint, ModelConversion conversion) {
        Exl2Architectures.require(checkpoint.config());
        String location = checkpoint.folder().location();
        List<LinearLayer> all = LinearLayers.of(conversion);
        Map<String, SafetensorsTensor> left = new LinkedHashMap<>();
        FloatTensors.of(checkpoint).stream()
                .map(SourceRows::tensor)
                .filter(tensor -> !SourceNames.isBuffer(tensor.name()))
                .forEach(tensor -> left.put(tensor.name(), tensor));
        Map<String, List<LinearLayer>> ofBlocks = new LinkedHashMap<>();
        Set<String> used = new HashSet<>();
        Map<String, SafetensorsTensor> biases = new LinkedHashMap<>();
        for (LinearLayer linear : all) {
            if (!linear.steers()) {
                requireShape(location, linear);
                used.add(linear.source().tensor().name());
                Optional.ofNullable(left.remove(linear.module() + ".bias"))
                        .ifPresent(bias -> biases.put(linear.module(), bias));
                ofBlocks.computeIfAbsent(key(location, linear), key -> new ArrayList<>()).add(linear);
            }
        }
        used.forEach(left::remove);
        List<Exl2Block> blocks = new ArrayList<>();
        List<List<LinearLayer>> linears = new ArrayList<>();
        int layers = all.stream().mapToInt(LinearLayer::layer).max().orElse(-1) + 1;
        for (int layer = 0; layer < layers; layer++) {
            for (boolean attention : new boolean[] {true, false}) {
                int number = layer;
                ofBlocks.forEach((key, members) -> {
                    if (members.get(0).layer() == number && key.endsWith(".self_attn") == attention) {
                        blocks.add(new Exl2Block(key, members.stream().map(linear -> matrix(linear, biases)).toList()));
                        linears.add(List.copyOf(members));
                    }
                });
            }
        }
        // Tied embeddings are stored as halves too; a head beside them is a copy that loaders do not read.
        LinearLayer head = LinearLayers.head(conversion);
        left.keySet().removeIf(name -> name.endsWith(head.weight()));
        if (LinearLayers.output(conversion).isEmpty() && !head.source().tensor().name().equals(TIED)) {
            throw new InvalidModelException(location + ": ties its head to the embeddings " + head.source().tensor().name()
                    + ", which cannot be made into EXL2 yet: choose gguf or awq");
        }
        left.values().stream().filter(tensor -> !tensor.type().isFloat()).findFirst().ifPresent(tensor -> {
            throw new InvalidModelException(location + ": tensor " + tensor.name() + " is of type " + tensor.type()
                    + ", which an EXL2 folder would store in half precision: choose gguf or awq");
        });
        requireShape(location, head);
        return new Exl2Model(List.copyOf(blocks), List.copyOf(linears), head, List.copyOf(left.values()),
                Map.copyOf(biases));
    }

    private static String key(String location, LinearLayer linear) {
        String module = linear.module();
        for (Pattern pattern : List.of(ATTENTION, EXPERT, DENSE)) {
            Matcher name = pattern.matcher(module);
            if (name.matches()) {
                return pattern == ATTENTION ? name.group(1)
                        : name.group(1) + (pattern == EXPERT ? ".block_sparse_moe" : ".mlp");
            }
        }
        throw new InvalidModelException(location + ": tensor " + linear.weight() + (FUSED.matcher(module).matches()
                ? " holds several layers in one, which cannot be quantized to EXL2 yet: choose gguf or awq"
                : " is no linear layer that ExLlamaV2 knows"));
    }

    private static Matrix matrix(LinearLayer linear, Map<String, SafetensorsTensor> biases) {
        String name = linear.module().substring(linear.module().lastIndexOf('.') + 1);
        String role = linear.expert() >= 0 ? EXPERT_ROLES.getOrDefault(name, name) : name;
        return new Matrix(role, linear.inputs(), PackedLinear.paddedOutputs(linear.outputs()),
                biases.containsKey(linear.module()));
    }

    private static void requireShape(String location, LinearLayer linear) {
        if (linear.inputs() % GroupLayout.WORD_VALUES != 0 || linear.inputs() > 1 << 16 || linear.inputs() == 0) {
            throw new InvalidModelException(location + ": tensor " + linear.weight() + " has " + linear.inputs()
                    + " inputs: EXL2 wants a multiple of " + GroupLayout.WORD_VALUES + ", at most " + (1 << 16)
                    + ". Choose gguf");
        }
    }

    /**
     * The parameter set of the head.
     *
     * @param bits 2 to 6, or 8
     * @throws InvalidModelException for others
     */
    public static ParameterSet headParameters(int bits) {
        ParameterSet parameters = ParameterSets.HEAD.get(bits);
        if (parameters == null) {
            throw new InvalidModelException("--head-bits " + bits + ": ExLlamaV2 has heads of "
                    + ParameterSets.HEAD.keySet() + " bits");
        }
        return parameters;
    }

    /** Weights of all blocks, by which bits per weight are counted: the head is not among them. */
    public long weights() {
        return blocks.stream().mapToLong(Exl2Block::weights).sum();
    }
}
