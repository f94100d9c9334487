package io.nightshift.formats.tokenizer;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.Warnings;
import io.nightshift.formats.gguf.GgufMetadata;
import io.nightshift.formats.gguf.GgufValue;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/** The {@code tokenizer.*} keys of a checkpoint with {@code tekken.json} (conversion/base.py, _set_vocab_mistral). */
final class TekkenMetadata {
    private static final String KEY = "tokenizer.ggml.";

    private TekkenMetadata() {}

    /**
     * Appends the keys.
     *
     * @param rows rows of the token embedding; empty if the configuration does not say
     * @param preTokenizer its name if the user gave one
     * @throws InvalidModelException if the file is damaged, of a version that is not known, or another model's
     * @throws IOException if the folder cannot be read
     */
    static void append(TokenizerFiles files, OptionalInt rows, Optional<String> preTokenizer, GgufMetadata metadata,
            Warnings warnings) throws IOException {
        Tekken tekken = Tekken.read(files);
        if (rows.isPresent() && rows.getAsInt() != tekken.size()) {
            // The converter writes them as they are, and llama.cpp refuses its file.
            throw new InvalidModelException(tekken.file() + ": has " + tekken.size()
                    + " tokens (config.default_vocab_size), but the embedding " + rows.getAsInt() + " rows (vocab_size in"
                    + " config.json). Use this model's own tokenizer, or give the model as many rows"
                    + " (resize_token_embeddings) and save it again");
        }
        if (preTokenizer.isEmpty() && !PreTokenizerRules.isTekken(tekken.pattern())) {
            warnings.accept(tekken.file() + ": its pattern for cutting texts is not the one that llama.cpp has under the name "
                    + PreTokenizerRules.TEKKEN + ", which is written all the same, as its converter does (--pre-tokenizer NAME"
                    + " overrides)");
        }
        metadata.put(KEY + "model", new GgufValue.Text("gpt2"));
        metadata.put(KEY + "pre", new GgufValue.Text(preTokenizer.orElse(PreTokenizerRules.TEKKEN)));
        List<byte[]> merges = tekken.merges().stream().map(pair -> utf8(pair[0] + " " + pair[1])).toList();
        if (!merges.isEmpty()) {
            metadata.put(KEY + "merges", new GgufValue.Texts(merges));
        }
        putId(metadata, "bos", tekken.special(Tekken.BOS));
        putId(metadata, "eos", tekken.special(Tekken.EOS));
        putId(metadata, "unknown", tekken.special(Tekken.UNKNOWN));
        putId(metadata, "padding", tekken.special(Tekken.PADDING));
        appendTokens(tekken, metadata);
        metadata.put(KEY + "add_bos_token", new GgufValue.Bool(true));
        metadata.put(KEY + "add_eos_token", new GgufValue.Bool(false));
        TekkenTemplate.of(tekken, files, warnings).appendTo(metadata);
    }

    private static void appendTokens(Tekken tekken, GgufMetadata metadata) {
        List<byte[]> tokens = new ArrayList<>(tekken.size());
        tekken.specials().forEach(token -> tokens.add(utf8(token)));
        tekken.ranks().keySet().forEach(token -> tokens.add(utf8(ByteAlphabet.of(token))));
        int[] types = new int[tekken.size()];
        Arrays.fill(types, TokenType.NORMAL);
        Arrays.fill(types, 0, tekken.specials().size(), TokenType.CONTROL);
        metadata.put(KEY + "tokens", new GgufValue.Texts(tokens));
        // The converter gives the number 0 without a point, and so integers.
        metadata.put(KEY + "scores", new GgufValue.Int32s(new int[tekken.size()]));
        metadata.put(KEY + "token_type", new GgufValue.Int32s(types));
    }

    private static void putId(GgufMetadata metadata, String type, int id) {
        metadata.put(KEY + type + "_token_id", new GgufValue.Uint32(id));
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
