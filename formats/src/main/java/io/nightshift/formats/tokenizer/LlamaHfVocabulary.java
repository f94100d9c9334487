package io.nightshift.formats.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.tokenizer.AddedTokens.AddedToken;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * The vocabulary of a Llama model whose SentencePiece tokenizer is there as {@code tokenizer.json} only (vocab.py,
 * LlamaHfVocab).
 */
final class LlamaHfVocabulary {
    private static final float SCORE = -1000;
    private static final Pattern BYTE = Pattern.compile("<0x[0-9A-Fa-f]{2}>");

    private LlamaHfVocabulary() {}

    /** Whether a folder's tokenizer.json is SentencePiece's: BPE that falls back to bytes. */
    static boolean accepts(TokenizerFiles files) {
        JsonNode model = files.tokenizerJson().path("model");
        return model.path("type").asText().equals("BPE")
                && model.path("byte_fallback").asBoolean()
                && files.tokenizerJson().path("decoder").path("type").asText().equals("Sequence");
    }

    /**
     * The vocabulary, padded to the rows of the embedding. The converter does not pad, and llama.cpp refuses what it
     * writes then.
     *
     * @param rows rows of the token embedding; empty if the configuration does not say
     * @throws InvalidModelException if a number has no token, or there are more tokens than rows
     */
    static Vocabulary read(TokenizerFiles files, OptionalInt rows) {
        JsonNode base = files.tokenizerJson().path("model").path("vocab");
        AddedTokens added = new AddedTokens(files);
        Set<String> specials = added.specials();
        List<AddedToken> beyond =
                added.all().stream().filter(token -> token.id() >= base.size()).toList();
        int known = beyond.isEmpty() ? base.size() : beyond.get(beyond.size() - 1).id() + 1;
        int size = rows.orElse(known);
        if (known > size) {
            throw new InvalidModelException(files.path("tokenizer.json") + ": has " + known
                    + " tokens, but the embedding only " + size + " rows (vocab_size in config.json). Use this model's"
                    + " own tokenizer, or give the model as many rows (resize_token_embeddings) and save it again");
        }
        byte[][] tokens = new byte[size][];
        float[] scores = new float[size];
        int[] types = new int[size];
        Arrays.fill(scores, SCORE);
        base.fields().forEachRemaining(entry -> {
            int id = entry.getValue().asInt(-1);
            if (id >= 0 && id < base.size()) {
                String text = entry.getKey();
                tokens[id] = text.getBytes(StandardCharsets.UTF_8);
                types[id] = BYTE.matcher(text).matches()
                        ? TokenType.BYTE
                        : specials.contains(text) ? TokenType.CONTROL : TokenType.NORMAL;
            }
        });
        for (int id = 0; id < base.size(); id++) {
            if (tokens[id] == null) {
                throw new InvalidModelException(
                        files.path("tokenizer.json") + ": its vocabulary has no token " + id);
            }
        }
        for (AddedToken token : beyond) {
            tokens[token.id()] = token.content().getBytes(StandardCharsets.UTF_8);
            types[token.id()] = specials.contains(token.content()) ? TokenType.CONTROL : TokenType.USER_DEFINED;
        }
        for (int id = base.size(); id < size; id++) {
            if (tokens[id] == null) {
                tokens[id] = Vocabulary.padding(id);
                scores[id] = SentencePieceVocabulary.PADDING_SCORE;
                types[id] = TokenType.UNUSED;
            }
        }
        return new Vocabulary("llama", "default", Arrays.asList(tokens), scores, types);
    }
}
