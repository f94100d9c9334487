package io.nightshift.jobs.calibration;

import io.nightshift.formats.architecture.Role;
import io.nightshift.formats.architecture.TensorRecipe;
import io.nightshift.formats.forward.DecoderModel;
import io.nightshift.formats.statistics.StatisticsKind;
import io.nightshift.jobs.forward.GroupPass;
import io.nightshift.jobs.tasks.StageMemory;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The memory of tasks that run a model, by the formulas of docs/memory.md, from the shapes of the largest layer. What few
 * families have besides (states of linear attention, inputs of each layer) is left out: it is small beside the rest.
 */
public final class PassMemory {
    /** Blocks of Gram matrices that Java's serialization refers to. */
    private static final long REFERRED_TO = 26L << 20;

    private PassMemory() {}

    /** Widths of a layer's activations, in channels, and bytes of its weights. */
    private static final class Layer {
        private long weights;
        private long attention;
        private long feedForward;
        private long expert;
        private long sharedExpert;
        private long gram;
        private long ofAllExperts;
        private boolean gated;

        void add(Role role, TensorRecipe recipe) {
            long outputs = recipe.rowsPerExpert();
            long inputs = recipe.columns();
            long experts = recipe.rows() / outputs;
            weights += bytes(recipe);
            switch (role) {
                case QUERY, QUERY_KEY_VALUE -> {
                    attention += outputs;
                    gram += gram(inputs);
                }
                case QUERY_DECOMPRESSION, DECOMPRESSION -> {
                    attention += outputs;
                    gram += gram(inputs);
                }
                // Projected, normalized, and what a head mixes of it.
                case COMPRESSION -> attention += 3 * outputs;
                case QUERY_COMPRESSION -> gram += gram(inputs);
                case CONVOLUTION_INPUT -> {
                    attention += outputs;
                    gram += gram(inputs);
                }
                case CONVOLUTION_OUTPUT -> {
                    attention += inputs;
                    gram += gram(inputs);
                }
                // What the convolution changes is a copy.
                case STATE_INPUT -> {
                    attention += 2 * outputs;
                    gram += gram(inputs);
                }
                case KEY, VALUE, OUTPUT_GATE -> attention += outputs;
                case ATTENTION_OUTPUT, STATE_OUTPUT -> {
                    attention += 2 * inputs;
                    gram += gram(inputs);
                }
                case UP -> {
                    feedForward += outputs;
                    gram += gram(inputs);
                }
                case GATE -> feedForward += outputs;
                case DOWN -> {
                    feedForward += inputs;
                    gram += gram(inputs);
                }
                case EXPERT_GATE -> {
                    expert += outputs;
                    gated = true;
                }
                case EXPERT_UP, EXPERT_GATE_UP -> {
                    expert += outputs;
                    gram += experts * gram(inputs);
                    ofAllExperts = gram(inputs);
                }
                case EXPERT_DOWN -> {
                    expert += inputs;
                    // Their sum once more.
                    gram += (experts + 1) * gram(inputs);
                }
                case EXPERT_COMPRESSION -> expert += 2 * outputs;
                case EXPERT_DECOMPRESSION -> gram += gram(inputs);
                case SHARED_GATE, SHARED_UP -> sharedExpert += outputs;
                case SHARED_DOWN -> {
                    sharedExpert += inputs;
                    gram += gram(inputs);
                }
                default -> { }
            }
        }

        /** Where experts have no gate apart, what they read is added up once more. */
        long grams() {
            return gram + (gated ? 0 : ofAllExperts);
        }

        /** Channels of the wider half. */
        long width() {
            return Math.max(attention, Math.max(feedForward, Math.max(expert, sharedExpert)));
        }
    }

    private static long gram(long channels) {
        return 2 * channels * (channels + StatisticsCollector.BLOCK);
    }

    private static long bytes(TensorRecipe recipe) {
        return recipe.content() instanceof TensorRecipe.Stored stored
                ? recipe.rows() * stored.type().rowBytes(recipe.columns())
                : recipe.weights() * Float.BYTES;
    }

    /**
     * Of tasks that take a group through a layer.
     *
     * @param sequences of the largest group
     * @param length of a sequence, in tokens
     */
    public static StageMemory of(DecoderModel model, int sequences, int length) {
        return of(largest(model), model, sequences, length, 0);
    }

    /**
     * Of tasks that collect statistics of it, too.
     *
     * @param sequences of the largest group
     * @param length of a sequence, in tokens
     */
    public static StageMemory of(DecoderModel model, int sequences, int length, StatisticsKind kind) {
        Largest largest = largest(model);
        return of(largest, model, sequences, length, kind == StatisticsKind.GRAM ? largest.gram + REFERRED_TO : 0);
    }

    /** Bytes of the matrix that gives logits. */
    public static long head(DecoderModel model) {
        Map<String, TensorRecipe> tensors = model.tensors().recipes();
        return bytes(tensors.getOrDefault("output.weight", tensors.get("token_embd.weight")));
    }

    /** Of all layers. */
    private record Largest(long weights, long width, long gram) {}

    private static Largest largest(DecoderModel model) {
        Map<Integer, Layer> layers = new HashMap<>();
        for (TensorRecipe recipe : model.tensors().recipes().values()) {
            Optional<Role> role = recipe.layer() < 0 ? Optional.empty() : Role.find(recipe.name());
            role.ifPresent(found -> layers.computeIfAbsent(recipe.layer(), number -> new Layer()).add(found, recipe));
        }
        List<Layer> all = new ArrayList<>(layers.values());
        return new Largest(
                all.stream().mapToLong(layer -> layer.weights).max().orElse(0),
                all.stream().mapToLong(Layer::width).max().orElse(0),
                all.stream().mapToLong(Layer::grams).max().orElse(0));
    }

    private static StageMemory of(Largest layer, DecoderModel model, int sequences, int length, long gram) {
        long hidden = model.hiddenSize();
        long tokens = (long) sequences * length;
        long atOnce = Math.min(tokens, GroupPass.tokensAtOnce(length));
        long forward = Float.BYTES * atOnce * ((model.experts() > 0 ? 7 : 4) * hidden + layer.width);
        return new StageMemory(2 * layer.weights, 2 * Float.BYTES * tokens * hidden + forward + gram);
    }
}
