package io.nightshift.formats.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.Printable;
import io.nightshift.formats.Warnings;
import io.nightshift.formats.gguf.GgufMetadata;
import io.nightshift.formats.gguf.GgufValue;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * The {@code tokenizer.*} keys of Kimi K2 as it is published (conversion/deepseek.py, DeepseekV2Model.set_vocab). The converter
 * runs the checkpoint's class, tokenization_kimi.TikTokenTokenizer, and asks it for ranks and special tokens; it has the first
 * of {@code tiktoken.model}, and the second of {@code tokenizer_config.json}, where those without a name are called by their
 * numbers. Both are read here.
 */
final class KimiMetadata {
    static final String FILE = "tiktoken.model";

    private static final String CLASS = "tokenization_kimi.TikTokenTokenizer";
    private static final String PRE_TOKENIZER = "kimi-k2";
    private static final int SPECIALS = 256;

    private KimiMetadata() {}

    /** Whether a folder's tokenizer is in tiktoken's format alone. */
    static boolean isTakenOf(TokenizerFiles files) {
        return files.has(FILE) && !files.has(BytePairTokenizer.FILE);
    }

    /**
     * Appends the keys.
     *
     * @param rows rows of the token embedding; empty if the configuration does not say
     * @param preTokenizer its name if the user gave one
     * @throws InvalidModelException if the class is another, or a file is damaged or another model's
     * @throws IOException if the folder cannot be read
     */
    static void append(TokenizerFiles files, OptionalInt rows, Optional<String> preTokenizer, GgufMetadata metadata,
            Warnings warnings) throws IOException {
        String file = files.path(FILE);
        JsonNode named = files.tokenizerConfig().at("/auto_map/AutoTokenizer");
        String tokenizerClass = (named.isArray() ? named.path(0) : named).asText("");
        // A fine-tune's may be said to come from the original's repository: OWNER/NAME--MODULE.CLASS.
        if (!tokenizerClass.replaceFirst("^.*--", "").equals(CLASS)) {
            throw new InvalidModelException(file + ": what it means is in Python code (" + (tokenizerClass.isEmpty()
                    ? "of a class that auto_map in tokenizer_config.json does not name" : Printable.name(tokenizerClass))
                    + "), and of such classes " + CLASS + " is known; add the model's " + BytePairTokenizer.FILE);
        }
        Tiktoken tiktoken = Tiktoken.parse(files.folder().read(FILE), file);
        int size = tiktoken.ranks().size() + SPECIALS;
        if (rows.isPresent() && rows.getAsInt() != size) {
            throw new InvalidModelException(file + ": has " + tiktoken.ranks().size() + " tokens, and with " + SPECIALS
                    + " special ones the embedding needs " + size + " rows, not " + rows.getAsInt() + " (vocab_size in"
                    + " config.json). Fetch this model's own tokenizer");
        }
        vocabulary(tiktoken, specials(files, tiktoken.ranks().size()), preTokenizer.orElse(PRE_TOKENIZER)).appendTo(metadata);
        metadata.put("tokenizer.ggml.merges", new GgufValue.Texts(tiktoken.merges().stream().map(KimiMetadata::utf8).toList()));
        new SpecialTokens(files, SpecialTokens.COMMON, OptionalInt.empty(), warnings).appendTo(metadata);
    }

    private static Map<String, Integer> specials(TokenizerFiles files, int first) {
        JsonNode names = files.tokenizerConfig().path("added_tokens_decoder");
        Map<String, Integer> specials = new LinkedHashMap<>();
        for (int id = first; id < first + SPECIALS; id++) {
            specials.put(names.path(Integer.toString(id)).path("content").asText("<|reserved_token_" + id + "|>"), id);
        }
        return specials;
    }

    private static Vocabulary vocabulary(Tiktoken tiktoken, Map<String, Integer> specials, String preTokenizer) {
        Map<String, Integer> ids = new LinkedHashMap<>();
        tiktoken.ranks().forEach((token, rank) -> ids.put(ByteAlphabet.of(token), rank));
        // What is written like a special token is that token, and its own number is left without one.
        ids.putAll(specials);
        byte[][] tokens = new byte[tiktoken.ranks().size() + SPECIALS][];
        ids.forEach((token, id) -> tokens[id] = utf8(token));
        int[] types = new int[tokens.length];
        for (int id = 0; id < tokens.length; id++) {
            types[id] = tokens[id] == null ? TokenType.UNUSED
                    : id < tiktoken.ranks().size() ? TokenType.NORMAL : TokenType.CONTROL;
            if (tokens[id] == null) {
                tokens[id] = Vocabulary.padding(id);
            }
        }
        return new Vocabulary("gpt2", preTokenizer, Arrays.asList(tokens), null, types);
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
