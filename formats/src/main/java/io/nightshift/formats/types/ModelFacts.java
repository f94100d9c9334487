package io.nightshift.formats.types;

/**
 * What the choice of types depends on besides the tensors themselves.
 *
 * @param architecture GGUF's name of the architecture
 * @param layers number of layers
 * @param heads attention heads
 * @param keyValueHeads key and value heads
 * @param experts experts a layer, 0 in a dense model
 */
public record ModelFacts(String architecture, int layers, int heads, int keyValueHeads, int experts) {
    /** Query heads that share one value head. */
    int groupedQueries() {
        return keyValueHeads == 0 ? 0 : heads / keyValueHeads;
    }

    /** Whether llama.cpp takes it for a 70B model, whose v matrices are small for their weight. */
    boolean isSeventyBillion() {
        return layers == 80
                && switch (architecture) {
                    case "llama" -> heads != keyValueHeads;
                    case "qwen2" -> true;
                    default -> false;
                };
    }
}
