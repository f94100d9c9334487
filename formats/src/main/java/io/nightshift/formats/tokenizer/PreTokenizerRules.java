package io.nightshift.formats.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Names of pre-tokenizers by the rule in tokenizer.json (llama-vocab.cpp, llm_tokenizer_bpe, and its comments). */
final class PreTokenizerRules {
    /** The name of the rule of Mistral's tokenizers. */
    static final String TEKKEN = "tekken";

    private static final String SUFFIXES = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
    private static final String SUFFIXES_SPELT_OUT = "(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])";
    private static final String SPACES = "|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
    private static final String WORDS = "[^\\r\\n\\p{L}\\p{N}]?\\p{L}+";
    private static final String REST = "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*" + SPACES;
    private static final String UPPER = "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]";
    private static final String LOWER = "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]";
    private static final String CASED = "[^\\r\\n\\p{L}\\p{N}]?" + UPPER + "*" + LOWER + "+%1$s"
            + "|[^\\r\\n\\p{L}\\p{N}]?" + UPPER + "+" + LOWER + "*%1$s"
            + "|\\p{N}%2$s| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*" + SPACES;

    private static final String GPT2 =
            "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";
    private static final String DIGITS = "\\p{N}";
    private static final String MARKED_WORDS = "[^\\r\\n\\p{L}\\p{N}]?[\\p{L}\\p{M}]+";
    private static final String LLAMA3 = SUFFIXES + "|" + WORDS + "|\\p{N}{1,3}" + REST;

    private static final Map<List<String>, String> NAMES = Map.of(
            List.of(GPT2), "gpt-2",
            List.of(DIGITS, GPT2), "starcoder",
            List.of(SUFFIXES + "|" + WORDS + "|\\p{N}" + REST), "qwen2",
            List.of(SUFFIXES + "|" + MARKED_WORDS + "|\\p{N}| ?[^\\s\\p{L}\\p{M}\\p{N}]+[\\r\\n]*" + SPACES),
                    "qwen35",
            List.of(WORDS + "|\\p{N}" + REST), "ufakzeka",
            List.of(CASED.formatted("", "")), TEKKEN,
            List.of(CASED.formatted(SUFFIXES + "?", "{1,3}")), "gpt-4o",
            List.of("\\p{N}{1,3}", SUFFIXES + "|" + WORDS + "|\\p{N}+" + REST), "minicpm5",
            List.of(
                            "\\p{N}{1,3}",
                            "[\u4e00-\u9fa5\u3040-\u309f\u30a0-\u30ff]+",
                            "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+"
                                    + "|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+"
                                    + "| ?[\\p{P}\\p{S}]+[\\r\\n]*" + SPACES),
                    "deepseek-v3");

    private PreTokenizerRules() {}

    /** The name for a tokenizer; empty if its rule is none of those known. */
    static Optional<String> name(JsonNode tokenizer) {
        List<String> rule = new ArrayList<>();
        if (!collect(tokenizer.path("pre_tokenizer"), rule)) {
            return Optional.empty();
        }
        if (rule.equals(List.of(LLAMA3))) {
            // llama.cpp's rule for Llama 3 takes whole words of the vocabulary before it merges.
            boolean wholeWords = tokenizer.path("model").path("ignore_merges").asBoolean();
            return Optional.of(wholeWords ? "llama-bpe" : "dbrx");
        }
        return Optional.ofNullable(NAMES.get(rule));
    }

    /** Whether an expression is the one that llama.cpp cuts texts for tekken by. */
    static boolean isTekken(String regex) {
        return TEKKEN.equals(NAMES.get(List.of(normalized(regex))));
    }

    /** Adds the expressions that a pre-tokenizer isolates; false if it does something else. */
    private static boolean collect(JsonNode preTokenizer, List<String> rule) {
        switch (preTokenizer.path("type").asText()) {
            case "Sequence":
                for (JsonNode each : preTokenizer.path("pretokenizers")) {
                    if (!collect(each, rule)) {
                        return false;
                    }
                }
                return true;
            case "Split":
                JsonNode pattern = preTokenizer.path("pattern").path("Regex");
                rule.add(normalized(pattern.asText()));
                return pattern.isTextual() && keepsAll(preTokenizer);
            case "Digits":
                rule.add(preTokenizer.path("individual_digits").asBoolean() ? DIGITS : DIGITS + "+");
                return true;
            case "ByteLevel":
                if (preTokenizer.path("use_regex").asBoolean(true)) {
                    rule.add(GPT2);
                }
                return !preTokenizer.path("add_prefix_space").asBoolean();
            default:
                return false;
        }
    }

    /** Whether a split keeps each match as a piece: inverted, it removes what lies between, which is nothing here. */
    private static boolean keepsAll(JsonNode split) {
        String behavior = split.path("behavior").asText();
        return behavior.equals("Isolated") || behavior.equals("Removed") && split.path("invert").asBoolean();
    }

    private static String normalized(String regex) {
        return regex.replace("\r", "\\r").replace("\n", "\\n").replace(SUFFIXES_SPELT_OUT, SUFFIXES);
    }
}
