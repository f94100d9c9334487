package io.nightshift.formats.awq;

import io.nightshift.formats.architecture.LinearGroup;
import io.nightshift.formats.architecture.LinearLayer;
import io.nightshift.formats.architecture.ModelConversion;
import io.nightshift.formats.architecture.Role;
import io.nightshift.formats.checkpoint.ModelConfig;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Finds shapes that loaders refuse, or run without their fast kernel, when layers are cut over several GPUs:
 * projections out of a norm by their outputs, projections back into the hidden state by their inputs. The rules are
 * vLLM's (marlin_utils.py, verify_marlin_supports_shape and check_moe_marlin_supports_layer; awq.py, create_weights;
 * mamba_mixer2.py, whose quantized models are cut by groups of heads).
 */
final class ParallelShapes {
    private static final int[] WAYS = {1, 2, 4, 8};
    private static final Set<Role> CUT_BY_INPUTS =
            Set.of(Role.ATTENTION_OUTPUT, Role.STATE_OUTPUT, Role.CONVOLUTION_OUTPUT, Role.DOWN, Role.EXPERT_DOWN,
                    Role.SHARED_DOWN);

    /** What Marlin computes at once. */
    private static final int OUTPUT_TILE = 64;
    private static final int INPUT_TILE = 128;

    /** Outputs that are cut on their own, and how many heads they are where they are keys or values; else 0. */
    private record Part(long outputs, long keyHeads) {}

    /**
     * One layer's linears that loaders fuse into one matrix, of one shape over all layers.
     *
     * @param cut whether it is cut over GPUs at all: what all heads decompress, each GPU has whole
     */
    private record Matrix(String modules, boolean byInputs, boolean cut, List<Part> parts, long inputs) {}

    private final ModelConversion conversion;
    private final AwqOptions options;
    private final long queryHeads;
    private final ModelConfig config;
    private final long linearKeys;
    private final long linearValues;
    private final long hidden;
    private final long feedForward;

    /** Groups of heads, channels and heads of Mamba 2, and what a group writes and reads by; 0 without it. */
    private final long stateGroups;
    private final long stateChannels;
    private final long stateHeads;
    private final long stateSize;

    ParallelShapes(ModelConfig config, ModelConversion conversion, AwqOptions options) {
        this.conversion = conversion;
        this.options = options;
        this.queryHeads = config.integer("num_attention_heads");
        this.config = config;
        this.linearKeys = config.findInteger("linear_num_key_heads").orElse(0L)
                * config.findInteger("linear_key_head_dim").orElse(0L);
        this.linearValues = config.findInteger("linear_num_value_heads").orElse(0L)
                * config.findInteger("linear_value_head_dim").orElse(0L);
        this.hidden = config.integer("hidden_size");
        this.feedForward = config.findInteger("intermediate_size").orElse(0L);
        this.stateGroups = ofStates("group_count");
        this.stateChannels = ofStates("inner_size");
        this.stateHeads = ofStates("time_step_rank");
        this.stateSize = ofStates("state_size");
    }

    private long ofStates(String key) {
        return conversion.hyperparameters().number(conversion.architecture().name() + ".ssm." + key).orElse(0L);
    }

    /** One line a shape and number of GPUs that is refused or slow; nothing where all is well. */
    List<String> warnings(List<LinearLayer> packed) {
        List<LinearLayer> dense = packed.stream().filter(linear -> linear.expert() == LinearLayer.NO_EXPERT).toList();
        List<LinearLayer> down = packed.stream().filter(linear -> linear.role() == Role.EXPERT_DOWN).toList();
        List<String> warnings = new ArrayList<>();
        if (!down.isEmpty() && options.format() == AwqFormat.COMPRESSED_TENSORS && !options.symmetric()) {
            warnings.add("vLLM and transformers load experts in compressed-tensors only with symmetric integers: make them"
                    + " symmetric, or use the format " + AwqFormat.GEMM.option());
        }
        Set<Matrix> matrices = matrices(dense);
        for (int ways : WAYS) {
            if (queryHeads % ways == 0) {
                matrices.forEach(matrix -> check(matrix, ways, warnings));
            }
            down.stream().map(LinearLayer::inputs).distinct().forEach(inputs -> checkExperts(inputs, ways, warnings));
        }
        if (dense.stream().anyMatch(linear -> linear.role() == Role.STATE_INPUT)) {
            checkGroups(warnings);
        }
        return List.copyOf(warnings);
    }

    /** One line for all numbers of GPUs: whatever of the model is quantized. */
    private void checkGroups(List<String> warnings) {
        String ways = Arrays.stream(WAYS)
                .filter(each -> queryHeads % each == 0 && stateGroups % each != 0)
                .mapToObj(Integer::toString)
                .collect(Collectors.joining(", "));
        if (!ways.isEmpty()) {
            warnings.add("Mamba 2: vLLM cuts a quantized model by its groups of heads, of which there " + (stateGroups == 1
                    ? "is one" : "are " + stateGroups) + ", so that it cannot be loaded on " + ways
                    + " GPUs with tensor parallelism");
        }
    }

    private Set<Matrix> matrices(List<LinearLayer> linears) {
        Map<String, List<LinearLayer>> fused = new LinkedHashMap<>();
        for (LinearLayer linear : linears) {
            fused.computeIfAbsent(linear.layer() + "." + producer(linear), key -> new ArrayList<>()).add(linear);
        }
        return fused.values().stream()
                .map(fusion -> new Matrix(
                        fusion.stream().map(ParallelShapes::shortName).collect(Collectors.joining(", ")),
                        CUT_BY_INPUTS.contains(fusion.get(0).role()),
                        !LinearGroup.isCompression(fusion.get(0).role()),
                        fusion.stream().flatMap(linear -> parts(linear).stream()).toList(),
                        fusion.get(0).inputs()))
                .collect(Collectors.toCollection(LinkedHashSet::new));
    }

    /** What a checkpoint itself keeps fused is cut by its parts too. */
    private List<Part> parts(LinearLayer linear) {
        return switch (linear.role()) {
            case KEY, VALUE -> List.of(new Part(linear.outputs(), keyHeads(linear)));
            case QUERY_KEY_VALUE -> {
                if (linearKeys > 0) {
                    Part keys = new Part(linearKeys, 0);
                    long others = linear.outputs() - 2 * linearKeys;
                    Part values = new Part(Math.min(others, linearValues), 0);
                    // Qwen3-Next's gates lie in the same matrix.
                    yield others == values.outputs() ? List.of(keys, keys, values) : List.of(keys, keys, values, values);
                }
                long keyHeads = keyHeads(linear);
                long head = linear.outputs() / (queryHeads + 2 * keyHeads);
                Part keys = new Part(keyHeads * head, keyHeads);
                yield List.of(new Part(queryHeads * head, 0), keys, keys);
            }
            case STATE_INPUT -> {
                Part channels = new Part(stateChannels, 0);
                Part ofGroups = new Part(stateGroups * stateSize, 0);
                yield List.of(channels, channels, ofGroups, ofGroups, new Part(stateHeads, 0));
            }
            case CONVOLUTION_INPUT -> Collections.nCopies(3, new Part(linear.outputs() / 3, 0));
            case UP -> linear.outputs() == 2 * feedForward
                    ? List.of(new Part(feedForward, 0), new Part(feedForward, 0))
                    : List.of(new Part(linear.outputs(), 0));
            default -> List.of(new Part(linear.outputs(), 0));
        };
    }

    private long keyHeads(LinearLayer linear) {
        return conversion.architecture().traits().heads().ofKeys(config, linear.layer());
    }

    private String producer(LinearLayer linear) {
        return LinearGroup.fusion(conversion.architecture().linearGroups(), linear.role());
    }

    /** The module's name behind its layer's number. */
    private static String shortName(LinearLayer linear) {
        String layer = "layers." + linear.layer() + ".";
        return linear.module().substring(linear.module().indexOf(layer) + layer.length());
    }

    private void check(Matrix matrix, int ways, List<String> warnings) {
        if (!matrix.cut() && ways > 1) {
            return;
        }
        long inputs = matrix.byInputs() ? matrix.inputs() / ways : matrix.inputs();
        long outputs = 0;
        for (Part part : matrix.parts()) {
            // Heads of keys and values are repeated where there are fewer of them than GPUs.
            long cuts = matrix.byInputs() ? 1 : part.keyHeads() > 0 ? Math.min(ways, part.keyHeads()) : ways;
            if (part.outputs() % cuts != 0 || part.outputs() / cuts % 8 != 0) {
                warnings.add(refused(matrix, ways,
                        part.outputs() + " outputs in " + cuts + " slices are not multiples of 8"));
                return;
            }
            outputs += part.outputs() / cuts;
        }
        boolean wholeRows = options.groupSize() == AwqOptions.WHOLE_ROWS;
        if (matrix.byInputs() && ways > 1) {
            if (wholeRows && options.format() == AwqFormat.GEMM) {
                warnings.add(refused(matrix, ways, "a group of a whole row cannot be cut"));
                return;
            }
            int unit = wholeRows ? 8 : options.groupSize();
            if (matrix.inputs() % ways != 0 || inputs % unit != 0) {
                warnings.add(refused(matrix, ways, matrix.inputs() + " inputs in " + ways
                        + " slices are not multiples of " + unit + (wholeRows ? "" : ", the group size")));
                return;
            }
        }
        if (outputs % OUTPUT_TILE != 0) {
            warnings.add(slow(matrix, ways, outputs + " outputs a GPU are no multiple of " + OUTPUT_TILE));
        } else if (inputs % INPUT_TILE != 0) {
            warnings.add(slow(matrix, ways, inputs + " inputs a GPU are no multiple of " + INPUT_TILE));
        }
    }

    private void checkExperts(long inputs, int ways, List<String> warnings) {
        Matrix experts = new Matrix("experts", true, true, List.of(), inputs);
        boolean wholeRows = options.groupSize() == AwqOptions.WHOLE_ROWS;
        int unit = Math.max(8, options.groupSize());
        if (wholeRows && options.format() == AwqFormat.GEMM) {
            warnings.add(refused(experts, ways, "vLLM has no experts with whole rows as groups in this format"));
        } else if (inputs % ways != 0 || inputs / ways % unit != 0) {
            warnings.add(refused(
                    experts, ways, inputs + " channels in " + ways + " slices are not multiples of " + unit));
        } else if (hidden % INPUT_TILE != 0 || inputs / ways % OUTPUT_TILE != 0) {
            warnings.add(slow(experts, ways, hidden + " hidden channels are no multiple of " + INPUT_TILE + " or "
                    + inputs / ways + " channels a GPU none of " + OUTPUT_TILE));
        }
    }

    private static String refused(Matrix matrix, int ways, String why) {
        return matrix.modules() + ": cannot be loaded on " + gpus(ways) + ": " + why;
    }

    private static String slow(Matrix matrix, int ways, String why) {
        return matrix.modules() + ": without vLLM's fast kernel (Marlin) on " + gpus(ways) + ": " + why;
    }

    private static String gpus(int ways) {
        return ways == 1 ? "one GPU" : ways + " GPUs (tensor parallelism)";
    }
}
