package io.nightshift.formats.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/**
 * The tokenizer of {@code hy.tiktoken}, run by Hugging Face's library. Its class composes a text's characters (NFC), takes
 * special tokens that stand in it for what they are, and merges any two tokens that make a third; llama.cpp composes nothing
 * and has one pair a token.
 */
final class HunyuanTextTokenizer {
    private static final String PATTERN = "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}"
            + "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

    private HunyuanTextTokenizer() {}

    /**
     * The tokenizer of a folder.
     *
     * @param asLlamaCpp whether tokens are llama.cpp's, and not those of the checkpoint's class
     */
    static TextTokenizer of(TokenizerFiles files, boolean asLlamaCpp, OptionalInt beginOfText) throws IOException {
        String file = files.path(HunyuanMetadata.FILE);
        Tiktoken tiktoken = Tiktoken.parse(files.folder().read(HunyuanMetadata.FILE), file);
        return new HuggingFaceTextTokenizer(
                new RustTokenizer(() -> asLlamaCpp ? asLlamaCpp(tiktoken) : asItsClass(tiktoken), file), beginOfText);
    }

    private static JsonNode asItsClass(Tiktoken tiktoken) {
        Map<String, Integer> ranks = reached(tiktoken);
        List<String[]> pairs = ranks.keySet().stream().flatMap(token -> TokenCuts.of(token, ranks).stream()).toList();
        ObjectNode json = json(tiktoken, pairs, true);
        json.putObject("normalizer").put("type", "NFC");
        return json;
    }

    private static JsonNode asLlamaCpp(Tiktoken tiktoken) {
        List<String> merges = new Tiktoken(tiktoken.file(), reached(tiktoken)).merges();
        return json(tiktoken, merges.stream().map(merge -> merge.split(" ")).toList(), false);
    }

    /** Tokens but those that are written like a special token, which is found in their place. */
    private static Map<String, Integer> reached(Tiktoken tiktoken) {
        Map<String, Integer> ranks = new LinkedHashMap<>(tiktoken.ranks());
        ranks.keySet().removeAll(HunyuanMetadata.SPECIALS);
        return ranks;
    }

    private static ObjectNode json(Tiktoken tiktoken, List<String[]> merges, boolean whole) {
        Map<String, Integer> vocabulary = new LinkedHashMap<>();
        // The library takes the id of an added token from the vocabulary if it is there; no piece has a space.
        tiktoken.ranks().forEach((token, rank) -> vocabulary.put(
                HunyuanMetadata.SPECIALS.contains(token) ? " " + rank : ByteAlphabet.of(token), rank));
        ObjectNode json = BytePairAsJson.of(PATTERN, vocabulary, merges, whole);
        ArrayNode added = json.putArray("added_tokens");
        for (int i = 0; i < HunyuanMetadata.SPECIALS.size(); i++) {
            ObjectNode token = added.addObject().put("id", tiktoken.ranks().size() + i);
            token.put("content", HunyuanMetadata.SPECIALS.get(i)).put("special", true).put("single_word", false);
            // They are looked for once characters are composed.
            token.put("lstrip", false).put("rstrip", false).put("normalized", true);
        }
        return json;
    }
}
