package io.nightshift.formats.types;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.gguf.GgufMetadata;
import io.nightshift.formats.gguf.GgufValue;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The memory that llama.cpp takes beside the weights to run one sequence with its defaults: flash attention, keys and values in
 * F16, 512 tokens at once, everything on one device. The cache is counted as llama.cpp counts it (llama-kv-cache.cpp,
 * llama-kv-cache-iswa.cpp, llama_hparams::n_embd_r and n_embd_s). The buffers of a graph, which it lays out by trial, are a
 * formula found with its llama-fit-params: never less than what that says for the families tried, and within a hundredth of
 * the whole. Windows of families that are not named here count as whole contexts.
 *
 * @param cellBytes keys and values of a token, in layers that see all tokens
 * @param windowCellBytes likewise in layers with a window
 * @param window tokens that such a layer sees
 * @param stateBytes of recurrent layers
 * @param vocabulary entries
 * @param hidden channels
 * @param feedForward channels; of experts, those of all that a token goes to
 * @param layerInputs channels that embeddings of their own give the layers (Gemma 4 E2B and E4B), of all together
 */
public record ContextMemory(long cellBytes, long windowCellBytes, long window, long stateBytes, long vocabulary, long hidden,
        long feedForward, long layerInputs) {
    private static final long CELLS = 256;
    private static final long TOKENS_AT_ONCE = 512;
    private static final int HALF = 2;

    /** Every so many layers one sees the whole context, where the file does not say which. */
    private static final Map<String, Integer> WINDOW_PERIODS =
            Map.of("gemma2", 2, "gemma3", 6, "gemma4", 6, "gpt-oss", 2, "cohere2", 4, "olmo2", 4);

    /** Every so many layers one is no recurrent one, where the file does not say. */
    private static final Map<String, Integer> ATTENTION_PERIODS = Map.of("qwen35", 4, "qwen35moe", 4, "qwen3next", 4);

    /** Memory of another kind. */
    private static final List<String> UNKNOWN_STATES =
            List.of("attention.kv_lora_rank", "ssm.state_size", "shortconv.l_cache", "attention.indexer.head_count");

    /**
     * Of a model.
     *
     * @param metadata of its GGUF file
     * @throws InvalidModelException if its family keeps a state whose size is not known here
     */
    public static ContextMemory of(GgufMetadata metadata) {
        return new Reader(metadata).read();
    }

    /**
     * Bytes for a context of so many tokens.
     *
     * @param context 1 or more
     */
    public long bytes(long context) {
        long cells = padded(context);
        long windowCells = Math.min(cells, padded(window + TOKENS_AT_ONCE));
        long tokens = Math.min(TOKENS_AT_ONCE, cells);
        long predictions = tokens * Float.BYTES * (vocabulary + 3 * hidden);
        // Which tokens are seen is in F16, once a kind of layer.
        long masks = tokens * HALF * (cells + (windowCellBytes > 0 ? windowCells : 0));
        long layer = masks + tokens * Float.BYTES * (3 * feedForward + 4 * hidden + 2 * layerInputs);
        return cells * cellBytes + windowCells * windowCellBytes + stateBytes + Math.max(predictions, layer);
    }

    private static long padded(long cells) {
        return (cells + CELLS - 1) / CELLS * CELLS;
    }

    private record Reader(GgufMetadata metadata, String family) {
        Reader(GgufMetadata metadata) {
            this(metadata, (String) metadata.get("general.architecture").orElseThrow().plain());
        }

        ContextMemory read() {
            Optional<Integer> attentionPeriod = Optional.ofNullable(ATTENTION_PERIODS.get(family));
            for (String key : UNKNOWN_STATES) {
                if (attentionPeriod.isEmpty() && value(key).isPresent()) {
                    throw new InvalidModelException("--to gguf:fit=...: how much memory " + family + " takes for its " + key
                            + " is not known here; give the size of the file, such as gguf:7.5GB");
                }
            }
            long layers = number("block_count", 0) - number("nextn_predict_layers", 0);
            long withKeys = layers - number("attention.shared_kv_layers", 0);
            long window = WINDOW_PERIODS.containsKey(family) ? number("attention.sliding_window", 0) : 0;
            long interval = number("full_attention_interval", attentionPeriod.orElse(1));
            long cells = 0;
            long windowCells = 0;
            long states = 0;
            for (int layer = 0; layer < layers; layer++) {
                if ((layer + 1) % interval != 0) {
                    states += stateBytes();
                } else if (layer < withKeys) {
                    boolean windowed = window > 0 && isWindowed(layer);
                    long bytes = HALF * each("attention.head_count_kv", layer, each("attention.head_count", layer, 1))
                            * (width("attention.key_length", windowed, layer) + width("attention.value_length", windowed, layer));
                    cells += windowed ? 0 : bytes;
                    windowCells += windowed ? bytes : 0;
                }
            }
            return new ContextMemory(cells, windowCells, window, states, vocabulary(), number("embedding_length", 0),
                    feedForward(layers), layers * number("embedding_length_per_layer_input", 0));
        }

        private long stateBytes() {
            long inner = number("ssm.inner_size", 0);
            long size = number("ssm.state_size", 0);
            long convolution = (number("ssm.conv_kernel", 1) - 1) * (inner + 2 * number("ssm.group_count", 0) * size);
            return Float.BYTES * (convolution + size * inner);
        }

        private boolean isWindowed(int layer) {
            Optional<GgufValue> pattern = value("attention.sliding_window_pattern");
            if (pattern.isPresent() && pattern.get().plain() instanceof List<?> flags) {
                return Boolean.TRUE.equals(flags.get(layer));
            }
            long period = number("attention.sliding_window_pattern", WINDOW_PERIODS.get(family));
            return layer % period < period - 1;
        }

        private long width(String key, boolean windowed, int layer) {
            long all = number(key, number("embedding_length", 0) / Math.max(1, each("attention.head_count", layer, 1)));
            return windowed ? number(key + "_swa", all) : all;
        }

        private long vocabulary() {
            return metadata.get("tokenizer.ggml.tokens").map(tokens -> ((List<?>) tokens.plain()).size())
                    .map(Integer::longValue).orElseGet(() -> number("vocab_size", 0));
        }

        private long feedForward(long layers) {
            long most = number("expert_used_count", 0) * number("expert_feed_forward_length", 0);
            for (int layer = 0; layer < layers; layer++) {
                most = Math.max(most, each("feed_forward_length", layer, 0));
            }
            return most;
        }

        private Optional<GgufValue> value(String key) {
            return metadata.get(family + "." + key);
        }

        private long number(String key, long otherwise) {
            return value(key).map(GgufValue::plain).filter(Number.class::isInstance).map(found -> ((Number) found).longValue())
                    .orElse(otherwise);
        }

        /** A value of a layer, where they may differ. */
        private long each(String key, int layer, long otherwise) {
            return value(key).map(GgufValue::plain).filter(List.class::isInstance)
                    .map(found -> ((Number) ((List<?>) found).get(layer)).longValue())
                    .orElseGet(() -> number(key, otherwise));
        }
    }
}
