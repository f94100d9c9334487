package io.nightshift.formats.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import io.nightshift.formats.Printable;
import io.nightshift.formats.tokenizer.AddedTokens.AddedToken;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * What a {@code tokenizer.json} knows and a vocabulary that was made of {@code tokenizer.model} does not. The converter
 * takes added tokens from {@code added_tokens.json} and {@code tokenizer_config.json} alone, where transformers 5 writes
 * none any more.
 */
final class TokenDifferences {
    /** Tokens in a row that are named by the first and the last of them only. */
    private static final int LONG_RUN = 16;

    private static final Map<Integer, String> TYPES = Map.of(
            TokenType.NORMAL, "normal",
            TokenType.UNKNOWN, "unknown",
            TokenType.CONTROL, "control",
            TokenType.USER_DEFINED, "user-defined",
            TokenType.UNUSED, "unused",
            TokenType.BYTE, "a byte");

    private final Vocabulary vocabulary;
    private final Map<Integer, String> differences = new TreeMap<>();

    private TokenDifferences(Vocabulary vocabulary) {
        this.vocabulary = vocabulary;
    }

    /**
     * The tokens that a vocabulary lacks or has with another type: each with its number and its name, and what stands
     * in its place.
     */
    static List<String> of(TokenizerFiles files, Vocabulary vocabulary) {
        if (files.tokenizerJson().isMissingNode()) {
            return List.of();
        }
        TokenDifferences found = new TokenDifferences(vocabulary);
        JsonNode base = files.tokenizerJson().path("model").path("vocab");
        Map<Integer, String> texts = new TreeMap<>();
        if (base.isObject()) {
            base.fields().forEachRemaining(entry -> texts.put(entry.getValue().asInt(-1), entry.getKey()));
        } else {
            // Unigram: pairs of a text and a score, in the order of their numbers.
            base.forEach(pair -> texts.put(texts.size(), pair.path(0).asText()));
        }
        Set<String> known = new HashSet<>(texts.values());
        files.tokenizerJson().path("added_tokens").forEach(token -> known.add(token.path("content").asText()));
        for (AddedToken token : new AddedTokens(files).all()) {
            // Others are added by transformers' classes.
            if (known.contains(token.content())) {
                texts.remove(token.id());
                found.compare(token);
            }
        }
        texts.forEach((id, text) -> found.compareText(id, text, text));
        return found.joined();
    }

    private void compare(AddedToken token) {
        String shown = token.content().replace('\u2581', ' ');
        if (!compareText(token.id(), token.content(), shown)) {
            return;
        }
        int type = vocabulary.types()[token.id()];
        boolean control = token.special() || SpecialLooks.test(token.content());
        // The unknown token is a special one to transformers.
        boolean same = control
                ? type == TokenType.CONTROL || type == TokenType.UNKNOWN
                : type == TokenType.USER_DEFINED;
        if (!same) {
            differences.put(token.id(), name(token.id(), token.content()) + " is " + TYPES.getOrDefault(type, "of no type")
                    + " instead of " + TYPES.get(control ? TokenType.CONTROL : TokenType.USER_DEFINED));
        }
    }

    /** Whether the vocabulary has a text, in one of two forms, where it should. */
    private boolean compareText(int id, String text, String orText) {
        if (id < 0 || id >= vocabulary.size()) {
            differences.put(id, name(id, text) + " is missing");
            return false;
        }
        byte[] actual = vocabulary.tokens().get(id);
        boolean same = Arrays.equals(actual, text.getBytes(StandardCharsets.UTF_8))
                || Arrays.equals(actual, orText.getBytes(StandardCharsets.UTF_8));
        if (!same) {
            differences.put(
                    id, name(id, text) + " is " + Printable.name(new String(actual, StandardCharsets.UTF_8)));
        }
        return same;
    }

    private static String name(int id, String text) {
        return id + " " + Printable.name(text);
    }

    /** The differences, those of a long run of numbers as one. */
    private List<String> joined() {
        List<String> joined = new ArrayList<>();
        List<Integer> ids = List.copyOf(differences.keySet());
        for (int from = 0; from < ids.size(); ) {
            int to = from + 1;
            while (to < ids.size() && ids.get(to) == ids.get(to - 1) + 1) {
                to++;
            }
            if (to - from > LONG_RUN) {
                joined.add(differences.get(ids.get(from)) + " and so on to " + differences.get(ids.get(to - 1)));
            } else {
                ids.subList(from, to).forEach(id -> joined.add(differences.get(id)));
            }
            from = to;
        }
        return joined;
    }
}
