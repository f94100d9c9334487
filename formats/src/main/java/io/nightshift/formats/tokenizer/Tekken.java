package io.nightshift.formats.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.Printable;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Mistral's byte-level tokenizer, as mistral_common reads it from {@code tekken.json} (tokens/tokenizers/tekken.py). Special
 * tokens come first, then the vocabulary by rank.
 *
 * @param file its full name, for messages
 * @param version v1 to v15: how chats are written
 * @param pattern the expression whose matches are the pieces of a text
 * @param specials the special tokens, by their ids
 * @param ranks the other tokens' bytes as Latin-1, and their ranks, in the order of these; the first 256 are single bytes
 */
record Tekken(String file, String version, String pattern, List<String> specials, Map<String, Integer> ranks) {
    static final String FILE = "tekken.json";

    static final String BOS = "<s>";
    static final String EOS = "</s>";
    static final String UNKNOWN = "<unk>";
    static final String PADDING = "<pad>";

    private static final List<String> VERSIONS = List.of("v1", "v2", "v3", "v7", "v11", "v13", "v15");
    /** The last version whose files need not list their special tokens. */
    private static final String LAST_WITH_USUAL_SPECIALS = "v7";

    private static final List<String> USUAL_SPECIALS = List.of(
            UNKNOWN, BOS, EOS, "[INST]", "[/INST]", "[AVAILABLE_TOOLS]", "[/AVAILABLE_TOOLS]", "[TOOL_RESULTS]",
            "[/TOOL_RESULTS]", "[TOOL_CALLS]", "[IMG]", PADDING, "[IMG_BREAK]", "[IMG_END]", "[PREFIX]", "[MIDDLE]", "[SUFFIX]",
            "[SYSTEM_PROMPT]", "[/SYSTEM_PROMPT]", "[TOOL_CONTENT]");

    private static final int BYTES = 256;

    /** Whether it is the tokenizer that the converter takes of a folder of Llama's kind (llama.py, set_vocab). */
    static boolean isTakenOf(TokenizerFiles files) {
        return files.has(FILE) && !files.has(BytePairTokenizer.FILE);
    }

    /**
     * Reads it.
     *
     * @throws InvalidModelException if the file is damaged, or of a version that is not known
     * @throws IOException if it cannot be read
     */
    static Tekken read(TokenizerFiles files) throws IOException {
        String file = files.path(FILE);
        JsonNode content = files.tekken();
        JsonNode config = content.path("config");
        String version = config.path("version").asText("missing");
        if (!VERSIONS.contains(version)) {
            throw new InvalidModelException(file + ": its version (config.version) is " + Printable.name(version)
                    + ", and known are " + String.join(", ", VERSIONS) + "; add the model's " + BytePairTokenizer.FILE);
        }
        JsonNode pattern = config.path("pattern");
        if (!pattern.isTextual()) {
            throw damaged(file, "has no pattern for cutting texts (config.pattern)");
        }
        int size = count(file, config, "default_vocab_size");
        int specialCount = count(file, config, "default_num_special_tokens");
        if (size - specialCount < BYTES) {
            throw damaged(file, "leaves " + (size - specialCount) + " tokens beside its " + specialCount + " special ones, and"
                    + " bytes alone are " + BYTES);
        }
        List<String> specials = specials(file, version, content.path("special_tokens"), specialCount);
        return new Tekken(file, version, pattern.textValue(), specials,
                ranks(file, content.path("vocab"), size - specialCount));
    }

    private static int count(String file, JsonNode config, String key) {
        JsonNode count = config.path(key);
        if (!count.isInt() || count.intValue() < 0) {
            String given = count.isMissingNode() ? "missing" : Printable.name(count.toString());
            throw damaged(file, "its config." + key + " is " + given + ", and should be a number of tokens");
        }
        return count.intValue();
    }

    /** Those that are listed, and names made up for the ids that are left. */
    private static List<String> specials(String file, String version, JsonNode listed, int count) {
        List<String> specials = new ArrayList<>();
        if (listed.isMissingNode() || listed.isNull()) {
            if (VERSIONS.indexOf(version) > VERSIONS.indexOf(LAST_WITH_USUAL_SPECIALS)) {
                throw damaged(file, "lists no special_tokens, as files of version " + version + " do");
            }
            specials.addAll(USUAL_SPECIALS);
        }
        for (JsonNode token : listed) {
            if (!token.path("token_str").isTextual() || !isRank(token, specials.size())) {
                throw damaged(file, "its special token " + specials.size() + " has not this rank, or no token_str: "
                        + Printable.name(token.toString()));
            }
            specials.add(token.path("token_str").textValue());
        }
        if (specials.size() > count) {
            throw damaged(file, "has " + specials.size() + " special tokens, and config.default_num_special_tokens says "
                    + count);
        }
        for (int id = specials.size(); id < count; id++) {
            specials.add("<SPECIAL_" + id + ">");
        }
        if (specials.stream().distinct().count() < count) {
            throw damaged(file, "has a special token twice");
        }
        for (String needed : List.of(BOS, EOS, UNKNOWN, PADDING)) {
            if (!specials.contains(needed)) {
                throw damaged(file, "has no special token " + needed);
            }
        }
        return List.copyOf(specials);
    }

    /** Files may list more tokens than the model has: those of the highest ranks are left out. */
    private static Map<String, Integer> ranks(String file, JsonNode vocabulary, int count) {
        if (vocabulary.size() < count) {
            throw damaged(file, "lists " + vocabulary.size() + " tokens (vocab), and config.default_vocab_size needs " + count);
        }
        Map<String, Integer> ranks = new LinkedHashMap<>();
        for (int rank = 0; rank < count; rank++) {
            JsonNode token = vocabulary.path(rank);
            String bytes = bytes(token.path("token_bytes"));
            if (bytes == null || !isRank(token, rank)) {
                throw damaged(file, "the token at place " + rank + " of vocab has not this rank, or no token_bytes in Base64: "
                        + Printable.name(token.toString()));
            }
            if (rank < BYTES && !bytes.equals(String.valueOf((char) rank))) {
                throw damaged(file, "the token of rank " + rank + " is not the byte " + rank);
            }
            Integer before = ranks.put(bytes, rank);
            if (before != null) {
                throw damaged(file, "the tokens of rank " + before + " and " + rank + " have the same bytes");
            }
        }
        return ranks;
    }

    private static boolean isRank(JsonNode token, int expected) {
        return token.path("rank").isInt() && token.path("rank").intValue() == expected;
    }

    /** Bytes as Latin-1; null if there are none, or they are not in Base64. */
    private static String bytes(JsonNode base64) {
        if (!base64.isTextual() || base64.textValue().isEmpty()) {
            return null;
        }
        try {
            return new String(Base64.getDecoder().decode(base64.textValue()), StandardCharsets.ISO_8859_1);
        } catch (IllegalArgumentException e) {
            return null;
        }
    }

    private static InvalidModelException damaged(String file, String what) {
        return new InvalidModelException(file + ": " + what + ". Fetch the file again, or add the model's "
                + BytePairTokenizer.FILE);
    }

    /** How many tokens there are, special ones too. */
    int size() {
        return specials.size() + ranks.size();
    }

    /** The id of a special token. */
    int special(String token) {
        return specials.indexOf(token);
    }

    /**
     * The merges that make each token of two others, each as two pieces in {@link ByteAlphabet}: first those of the token of
     * the lowest rank, and of one token those of the leftmost part of the lowest rank (vocab.py,
     * extract_vocab_merges_from_model). Costs a search a cut, of which a token has as many as bytes but one.
     *
     * @throws InvalidModelException if a token cannot be made
     */
    List<String[]> merges() {
        List<String[]> merges = new ArrayList<>();
        ranks.forEach((token, rank) -> {
            if (rank < BYTES) {
                return;
            }
            List<String[]> cuts = TokenCuts.of(token, ranks);
            if (cuts.isEmpty()) {
                throw damaged(file, "no two tokens make the one of rank " + rank);
            }
            merges.addAll(cuts);
        });
        return merges;
    }
}
