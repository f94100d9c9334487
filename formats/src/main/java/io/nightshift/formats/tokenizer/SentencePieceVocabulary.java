package io.nightshift.formats.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.Printable;
import io.nightshift.formats.Warnings;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Iterator;
import java.util.Map;
import java.util.OptionalInt;

/**
 * The vocabulary of a folder with {@code tokenizer.model}: SentencePiece's pieces, then what
 * {@code added_tokens.json} and {@code tokenizer_config.json} put in their place, padded to the rows of the embedding
 * (base.py, _create_vocab_sentencepiece; phi.py, Phi3MiniModel.set_vocab).
 */
final class SentencePieceVocabulary {
    static final String FILE = "tokenizer.model";

    static final float PADDING_SCORE = -10000;
    private static final float ADDED_SCORE = -1000;

    private final TokenizerFiles files;
    private final Warnings warnings;
    private final byte[][] tokens;
    private final float[] scores;
    private final int[] types;

    private SentencePieceVocabulary(TokenizerFiles files, int size, Warnings warnings) {
        this.files = files;
        this.warnings = warnings;
        tokens = new byte[size][];
        scores = new float[size];
        types = new int[size];
        for (int id = 0; id < size; id++) {
            tokens[id] = Vocabulary.padding(id);
        }
        Arrays.fill(scores, PADDING_SCORE);
        Arrays.fill(types, TokenType.UNUSED);
    }

    /**
     * The vocabulary by the rules of most architectures.
     *
     * @param rows rows of the token embedding; empty if the configuration does not say
     */
    static Vocabulary read(TokenizerFiles files, OptionalInt rows, Warnings warnings) {
        SentencePieceModel model = SentencePieceModel.parse(files.sentencePiece(), files.path(FILE));
        SentencePieceVocabulary vocabulary =
                new SentencePieceVocabulary(files, rows.orElse(model.pieces().size()), warnings);
        vocabulary.addPieces(model);
        vocabulary.addAddedTokens();
        vocabulary.addDecoderTokens();
        return vocabulary.build();
    }

    /** The vocabulary by the rules of Phi-3: special is what is marked so, and tokenizer.json has the last word. */
    static Vocabulary readPhi3(TokenizerFiles files, OptionalInt rows, Warnings warnings) {
        SentencePieceModel model = SentencePieceModel.parse(files.sentencePiece(), files.path(FILE));
        SentencePieceVocabulary vocabulary =
                new SentencePieceVocabulary(files, rows.orElse(model.pieces().size()), warnings);
        vocabulary.addPieces(model);
        vocabulary.addAddedTokens();
        for (Iterator<Map.Entry<String, JsonNode>> it = vocabulary.decoderTokens(); it.hasNext(); ) {
            Map.Entry<String, JsonNode> entry = it.next();
            vocabulary.addMarked(vocabulary.id(entry.getKey()), entry.getValue());
        }
        for (JsonNode token : files.tokenizerJson().path("added_tokens")) {
            vocabulary.addMarked(token.path("id").intValue(), token);
        }
        return vocabulary.build();
    }

    private void addPieces(SentencePieceModel model) {
        int pieces = model.pieces().size();
        if (pieces > tokens.length) {
            warnings.differs(files.path(FILE) + ": its tokens from " + tokens.length
                    + " on are left out, for the embedding has only so many rows");
        }
        for (int id = 0; id < Math.min(pieces, tokens.length); id++) {
            SentencePieceModel.Piece piece = model.pieces().get(id);
            tokens[id] = piece.text();
            scores[id] = piece.score();
            // The converter takes user-defined pieces for normal ones.
            types[id] = piece.type() == TokenType.USER_DEFINED ? TokenType.NORMAL : piece.type();
        }
    }

    private void addAddedTokens() {
        files.addedTokens().fields().forEachRemaining(entry -> {
            int id = entry.getValue().intValue();
            if (isInRange(id, entry.getKey())) {
                set(id, entry.getKey(), TokenType.USER_DEFINED);
            }
        });
    }

    private void addDecoderTokens() {
        decoderTokens().forEachRemaining(entry -> {
            int id = id(entry.getKey());
            String content = entry.getValue().path("content").asText();
            if (!isInRange(id, content)) {
                return;
            }
            warnIfReplaced(id, content);
            if (entry.getValue().path("special").asBoolean() || SpecialLooks.test(content)) {
                set(id, content, TokenType.CONTROL);
            } else {
                set(id, content.replace('\u2581', ' '), TokenType.USER_DEFINED);
            }
        });
    }

    private void addMarked(int id, JsonNode token) {
        String content = token.path("content").asText();
        if (isInRange(id, content)) {
            warnIfReplaced(id, content);
            set(id, content, token.path("special").asBoolean() ? TokenType.CONTROL : TokenType.USER_DEFINED);
        }
    }

    private Iterator<Map.Entry<String, JsonNode>> decoderTokens() {
        return files.tokenizerConfig().path("added_tokens_decoder").fields();
    }

    private int id(String key) {
        try {
            return Integer.parseInt(key.strip());
        } catch (NumberFormatException e) {
            throw new InvalidModelException(files.path("tokenizer_config.json")
                    + ": added_tokens_decoder has the key \"" + key + "\" instead of a token's number");
        }
    }

    private boolean isInRange(int id, String content) {
        if (id < 0) {
            throw new InvalidModelException(
                    files.location() + ": the added token " + content + " has the number " + id);
        }
        if (id >= tokens.length) {
            warnings.differs("the added token " + Printable.name(content) + " is left out: its number " + id + " is beyond the "
                    + tokens.length + " rows of the embedding");
        }
        return id < tokens.length;
    }

    private void warnIfReplaced(int id, String content) {
        if (types[id] != TokenType.UNUSED && !Arrays.equals(tokens[id], content.getBytes(StandardCharsets.UTF_8))) {
            warnings.accept("token " + id + ": " + new String(tokens[id], StandardCharsets.UTF_8) + " is replaced by "
                    + content);
        }
    }

    private void set(int id, String content, int type) {
        tokens[id] = content.getBytes(StandardCharsets.UTF_8);
        scores[id] = ADDED_SCORE;
        types[id] = type;
    }

    private Vocabulary build() {
        return new Vocabulary("llama", "default", Arrays.asList(tokens), scores, types);
    }
}
