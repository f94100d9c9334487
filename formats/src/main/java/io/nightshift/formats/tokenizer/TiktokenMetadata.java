package io.nightshift.formats.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.Printable;
import io.nightshift.formats.gguf.GgufMetadata;
import io.nightshift.formats.gguf.GgufValue;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/**
 * Vocabulary and merges of a checkpoint whose tokenizer is a file in tiktoken's format and a class in Python. The converter
 * runs that class and asks it for ranks and special tokens; here it must be one whose answers are known.
 */
final class TiktokenMetadata {
    private TiktokenMetadata() {}

    /**
     * Reads the file.
     *
     * @param tokenizerClass the class that {@code auto_map} must name
     * @param remedy what to do where it names another, for the message
     * @param specials how many special tokens come behind the file's
     * @param rows rows of the token embedding; empty if the configuration does not say
     * @throws InvalidModelException if the class is another, or the file is damaged or another model's
     * @throws IOException if the folder cannot be read
     */
    static Tiktoken read(TokenizerFiles files, String name, String tokenizerClass, String remedy, int specials,
            OptionalInt rows) throws IOException {
        String file = files.path(name);
        JsonNode named = files.tokenizerConfig().at("/auto_map/AutoTokenizer");
        String found = (named.isArray() ? named.path(0) : named).asText("");
        // A fine-tune's may be said to come from the original's repository: OWNER/NAME--MODULE.CLASS.
        if (!found.replaceFirst("^.*--", "").equals(tokenizerClass)) {
            throw new InvalidModelException(file + ": what it means is in Python code (" + (found.isEmpty()
                    ? "of a class that auto_map in tokenizer_config.json does not name" : Printable.name(found))
                    + "), and of such classes " + tokenizerClass + " is known; " + remedy);
        }
        Tiktoken tiktoken = Tiktoken.parse(files.folder().read(name), file);
        int size = tiktoken.ranks().size() + specials;
        if (rows.isPresent() && rows.getAsInt() != size) {
            throw new InvalidModelException(file + ": has " + tiktoken.ranks().size() + " tokens, and with " + specials
                    + " special ones the embedding needs " + size + " rows, not " + rows.getAsInt() + " (vocab_size in"
                    + " config.json). Fetch this model's own tokenizer");
        }
        return tiktoken;
    }

    /**
     * Appends tokens and merges.
     *
     * @param specials names of the tokens behind the file's, in their order
     */
    static void append(Tiktoken tiktoken, List<String> specials, String preTokenizer, GgufMetadata metadata) {
        int ranked = tiktoken.ranks().size();
        Map<String, Integer> ids = new LinkedHashMap<>();
        tiktoken.ranks().forEach((token, rank) -> ids.put(ByteAlphabet.of(token), rank));
        // What is written like a special token is that token, and its own number is left without one.
        for (int i = 0; i < specials.size(); i++) {
            ids.put(specials.get(i), ranked + i);
        }
        byte[][] tokens = new byte[ranked + specials.size()][];
        ids.forEach((token, id) -> tokens[id] = utf8(token));
        int[] types = new int[tokens.length];
        for (int id = 0; id < tokens.length; id++) {
            types[id] = tokens[id] == null ? TokenType.UNUSED : id < ranked ? TokenType.NORMAL : TokenType.CONTROL;
            if (tokens[id] == null) {
                tokens[id] = Vocabulary.padding(id);
            }
        }
        new Vocabulary("gpt2", preTokenizer, Arrays.asList(tokens), null, types).appendTo(metadata);
        metadata.put("tokenizer.ggml.merges",
                new GgufValue.Texts(tiktoken.merges().stream().map(TiktokenMetadata::utf8).toList()));
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
