package io.nightshift.formats.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Map;
import java.util.Set;

/**
 * The class that transformers loads a tokenizer.json with, as far as it matters: some classes have special tokens of
 * their own (transformers 5, AutoTokenizer.from_pretrained and the classes' constructors).
 *
 * @param specials special tokens by role, taken where the files name none
 * @param marksAll whether every special token that the files name becomes one, extra ones too
 */
record TokenizerClass(Map<String, String> specials, boolean marksAll) {
    /** The class that takes a tokenizer as its files say. */
    static final TokenizerClass GENERIC = new TokenizerClass(Map.of(), false);

    static final TokenizerClass LLAMA = new TokenizerClass(Map.of("bos", "<s>", "eos", "</s>", "unk", "<unk>"), false);

    static final TokenizerClass GEMMA = new TokenizerClass(
            Map.of("bos", "<bos>", "eos", "<eos>", "unk", "<unk>", "pad", "<pad>", "mask", "<mask>"), false);

    private static final String END = "<|endoftext|>";

    private static final Map<String, TokenizerClass> BY_NAME = Map.of(
            "LlamaTokenizer", LLAMA,
            "GPT2Tokenizer", new TokenizerClass(Map.of("bos", END, "eos", END, "unk", END), false),
            "Qwen2Tokenizer", new TokenizerClass(Map.of("eos", END, "unk", END, "pad", END), true),
            "GemmaTokenizer", GEMMA);

    private static final Map<String, String> BY_MODEL = Map.of(
            "gemma2", "GemmaTokenizer",
            "gemma3", "GemmaTokenizer",
            "gemma3_text", "GemmaTokenizer",
            "qwen2", "Qwen2Tokenizer",
            "qwen2_moe", "Qwen2Tokenizer",
            "qwen3", "Qwen2Tokenizer",
            "qwen3_moe", "Qwen2Tokenizer");
    /** Models whose files name the class wrongly. */
    private static final Set<String> MODEL_DECIDES = Set.of("qwen2");
    /** Models that are always loaded as their tokenizer.json says. */
    private static final Set<String> GENERIC_MODELS = Set.of("mistral", "mixtral", "phi3");

    static TokenizerClass of(TokenizerFiles files) {
        String model = files.config().path("model_type").asText();
        JsonNode named = files.tokenizerConfig().path("tokenizer_class");
        if (!named.isTextual()) {
            named = files.config().path("tokenizer_class");
        }
        if (GENERIC_MODELS.contains(model)) {
            return GENERIC;
        }
        boolean modelDecides = !named.isTextual() || MODEL_DECIDES.contains(model);
        String name = modelDecides ? BY_MODEL.getOrDefault(model, "") : named.textValue();
        return BY_NAME.getOrDefault(name.endsWith("Fast") ? name.substring(0, name.length() - 4) : name, GENERIC);
    }
}
