package io.nightshift.formats.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.nightshift.formats.tokenizer.SentencePieceModel.NormalizerSettings;
import io.nightshift.formats.tokenizer.SentencePieceModel.Piece;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * The {@code tokenizer.json} that transformers 5 makes of a SentencePiece model, so that both give the same tokens. Its
 * classes for Llama and Gemma have rules of their own and do nothing else to texts; other models get what the file says
 * about spaces and characters (TokenizersBackend.convert_to_native_format, the classes' constructors, and
 * SpmConverter.build_tokenizer_from_spm_proto).
 */
final class SentencePieceAsJson {
    private static final String SPACE = "\u2581";
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

    /** What means something in an expression. */
    private static final Pattern SIGNS = Pattern.compile("[\\p{Punct}\\s&&[^_]]");

    private final TokenizerFiles files;
    private final SentencePieceModel model;
    private final Map<String, Integer> vocabulary = new LinkedHashMap<>();

    private SentencePieceAsJson(TokenizerFiles files, SentencePieceModel model) {
        this.files = files;
        this.model = model;
    }

    /** The content of the file, without what the other files of the folder add to it. */
    static JsonNode of(TokenizerFiles files, SentencePieceModel model) {
        SentencePieceAsJson made = new SentencePieceAsJson(files, model);
        TokenizerClass tokenizerClass = TokenizerClass.of(files);
        if (tokenizerClass == TokenizerClass.LLAMA) {
            return made.llama();
        }
        return tokenizerClass == TokenizerClass.GEMMA ? made.gemma() : made.generic();
    }

    private ObjectNode llama() {
        number(Map.of());
        return json(null, llamaPreTokenizer(files), bytePairs(null, mergesInOrderOfTheirNumbers(), true, false));
    }

    private static JsonNode llamaPreTokenizer(TokenizerFiles files) {
        JsonNode prefix = files.tokenizerConfig().path("add_prefix_space");
        boolean prefixed = !prefix.isBoolean() || prefix.booleanValue();
        boolean legacy = files.tokenizerConfig().path("legacy").asBoolean(false);
        return metaspace(prefixed ? legacy ? "always" : "first" : "never");
    }

    private ObjectNode gemma() {
        number(Map.of());
        return json(gemmaNormalizer(), gemmaPreTokenizer(),
                bytePairs("<unk>", mergesInOrderOfTheirNumbers(), true, false));
    }

    private static JsonNode gemmaNormalizer() {
        return replacement("String", " ", SPACE);
    }

    private static JsonNode gemmaPreTokenizer() {
        ObjectNode split = JSON.objectNode().put("type", "Split").put("behavior", "MergedWithPrevious").put("invert", false);
        split.putObject("pattern").put("String", " ");
        return split;
    }

    /**
     * What transformers makes of a {@code tokenizer.json}: the two classes take its vocabulary and merges and keep their
     * own rules.
     */
    static JsonNode rebuilt(TokenizerFiles files) {
        TokenizerClass tokenizerClass = TokenizerClass.of(files);
        boolean llama = tokenizerClass == TokenizerClass.LLAMA && !files.isByteLevel();
        if (!llama && tokenizerClass != TokenizerClass.GEMMA
                || !files.tokenizerJson().path("model").path("type").asText().equals("BPE")) {
            return files.tokenizerJson();
        }
        ObjectNode json = JSON.objectNode();
        json.setAll((ObjectNode) files.tokenizerJson());
        json.set("normalizer", llama ? JSON.nullNode() : gemmaNormalizer());
        json.set("pre_tokenizer", llama ? llamaPreTokenizer(files) : gemmaPreTokenizer());
        ObjectNode model = json.putObject("model");
        model.setAll((ObjectNode) files.tokenizerJson().get("model"));
        model.put("unk_token", llama ? null : "<unk>").put("fuse_unk", true).put("byte_fallback", true)
                .put("ignore_merges", false).putNull("dropout");
        return json;
    }

    private ObjectNode generic() {
        Map<Integer, String> renamed = renamed();
        number(renamed);
        List<String> userDefined = new ArrayList<>();
        for (int id = 0; id < model.pieces().size(); id++) {
            if (model.pieces().get(id).type() == TokenType.USER_DEFINED) {
                userDefined.add(renamed.getOrDefault(id, text(id)));
            }
        }
        NormalizerSettings settings = model.normalizer();
        boolean legacy = files.tokenizerConfig().path("legacy").asBoolean(true);
        ArrayNode normalizers = JSON.arrayNode();
        if (settings.charsmap().length > 0) {
            normalizers.addObject().put("type", "Precompiled")
                    .put("precompiled_charsmap", Base64.getEncoder().encodeToString(settings.charsmap()));
        }
        if (settings.collapses()) {
            normalizers.add(replacement("Regex", "\\A +| +\\z", ""));
            normalizers.add(replacement("Regex", " {2,}", " "));
        }
        if (settings.escapes()) {
            normalizers.add(replacement("String", " ", SPACE));
        }
        ArrayNode preTokenizers = JSON.arrayNode();
        if (settings.prefix()) {
            if (legacy) {
                // Else a text that begins with a space would get no other one.
                normalizers.add(replacement("Regex", "\\A" + SPACE, SPACE + SPACE));
            }
            preTokenizers.add(metaspace(legacy ? "always" : "first"));
        }
        if (!userDefined.isEmpty()) {
            ObjectNode split = JSON.objectNode().put("type", "Split").put("behavior", "Isolated").put("invert", false);
            split.putObject("pattern").put("Regex", anyOf(userDefined));
            preTokenizers.add(split);
        }
        String unknown = model.trainer().unknown();
        ObjectNode json = json(sequence("normalizers", normalizers), sequence("pretokenizers", preTokenizers),
                bytePairs(unknown, mergesInOrderOfTheirScores(renamed), model.trainer().byteFallback(),
                        !userDefined.isEmpty()));
        if (vocabulary.containsKey(unknown)) {
            addToken(json, vocabulary.get(unknown), unknown, true);
        }
        return json;
    }

    private void number(Map<Integer, String> renamed) {
        for (int id = 0; id < model.pieces().size(); id++) {
            vocabulary.put(renamed.getOrDefault(id, text(id)), id);
        }
    }

    /** Pieces that tokenizer_config.json gives other names, unless another piece keeps that name. */
    private Map<Integer, String> renamed() {
        Map<Integer, String> names = new TreeMap<>();
        files.tokenizerConfig().path("added_tokens_decoder").fields().forEachRemaining(entry -> {
            if (entry.getKey().strip().matches("\\d{1,9}")) {
                names.put(Integer.valueOf(entry.getKey().strip()), entry.getValue().path("content").asText());
            }
        });
        List<String> kept = new ArrayList<>();
        for (int id = 0; id < model.pieces().size(); id++) {
            if (!names.containsKey(id)) {
                kept.add(text(id));
            }
        }
        names.values().removeAll(kept);
        return names;
    }

    private String text(int id) {
        return new String(model.pieces().get(id).text(), StandardCharsets.UTF_8);
    }

    /** A pair of pieces that make a third one. */
    private record Merge(String left, String right, int id, float score) {}

    /** transformers' generate_merges: every way to halve a piece, first those of the pieces with the lowest numbers. */
    private List<Merge> mergesInOrderOfTheirNumbers() {
        List<Merge> merges = new ArrayList<>();
        vocabulary.forEach((text, id) -> halves(text, vocabulary, id, 0, merges));
        merges.sort(Comparator.comparingInt(Merge::id)
                .thenComparingInt(merge -> length(merge.left()))
                .thenComparingInt(merge -> length(merge.right()))
                .thenComparingInt(merge -> vocabulary.get(merge.left()))
                .thenComparingInt(merge -> vocabulary.get(merge.right())));
        return merges;
    }

    /** Of normal pieces alone, first those of the best scores. */
    private List<Merge> mergesInOrderOfTheirScores(Map<Integer, String> renamed) {
        Map<String, Integer> normal = new LinkedHashMap<>();
        for (int id = 0; id < model.pieces().size(); id++) {
            if (model.pieces().get(id).type() == TokenType.NORMAL) {
                normal.put(renamed.getOrDefault(id, text(id)), id);
            }
        }
        List<Merge> merges = new ArrayList<>();
        normal.forEach((text, id) -> halves(text, normal, id, model.pieces().get(id).score(), merges));
        merges.sort(Comparator.comparing(Merge::score, Comparator.reverseOrder())
                .thenComparingInt(Merge::id)
                .thenComparing(Merge::left, SentencePieceAsJson::compareCodePoints));
        return merges;
    }

    private static void halves(String text, Map<String, Integer> known, int id, float score, List<Merge> into) {
        for (int at = text.offsetByCodePoints(0, Math.min(1, length(text))); at < text.length();
                at = text.offsetByCodePoints(at, 1)) {
            String left = text.substring(0, at);
            String right = text.substring(at);
            if (known.containsKey(left) && known.containsKey(right)) {
                into.add(new Merge(left, right, id, score));
            }
        }
    }

    private static int length(String text) {
        return text.codePointCount(0, text.length());
    }

    /** Python's order of texts, which differs from Java's beyond the basic plane. */
    private static int compareCodePoints(String a, String b) {
        return Arrays.compare(a.codePoints().toArray(), b.codePoints().toArray());
    }

    private ObjectNode bytePairs(String unknown, List<Merge> merges, boolean byteFallback, boolean wholePieces) {
        ObjectNode bytePairs = JSON.objectNode().put("type", "BPE");
        bytePairs.putNull("dropout");
        bytePairs.put("unk_token", unknown);
        bytePairs.putNull("continuing_subword_prefix").putNull("end_of_word_suffix");
        bytePairs.put("fuse_unk", true).put("byte_fallback", byteFallback).put("ignore_merges", wholePieces);
        ObjectNode numbers = bytePairs.putObject("vocab");
        vocabulary.forEach(numbers::put);
        ArrayNode pairs = bytePairs.putArray("merges");
        merges.forEach(merge -> pairs.addArray().add(merge.left()).add(merge.right()));
        return bytePairs;
    }

    private ObjectNode json(JsonNode normalizer, JsonNode preTokenizer, JsonNode bytePairs) {
        ObjectNode json = JSON.objectNode().put("version", "1.0");
        json.putNull("truncation").putNull("padding");
        json.putArray("added_tokens");
        json.set("normalizer", normalizer);
        json.set("pre_tokenizer", preTokenizer);
        json.putNull("post_processor").putNull("decoder");
        json.set("model", bytePairs);
        List<Piece> pieces = model.pieces();
        for (int id = 0; id < pieces.size(); id++) {
            int type = pieces.get(id).type();
            if (type == TokenType.CONTROL || type == TokenType.USER_DEFINED) {
                addToken(json, id, text(id), type == TokenType.CONTROL);
            }
        }
        return json;
    }

    private static void addToken(ObjectNode json, int id, String content, boolean special) {
        ((ArrayNode) json.get("added_tokens")).addObject()
                .put("id", id)
                .put("content", content)
                .put("single_word", false)
                .put("lstrip", false)
                .put("rstrip", false)
                .put("normalized", false)
                .put("special", special);
    }

    private static ObjectNode metaspace(String scheme) {
        return JSON.objectNode().put("type", "Metaspace").put("replacement", SPACE).put("prepend_scheme", scheme)
                .put("split", false);
    }

    private static ObjectNode replacement(String kind, String pattern, String content) {
        ObjectNode replacement = JSON.objectNode().put("type", "Replace").put("content", content);
        replacement.putObject("pattern").put(kind, pattern);
        return replacement;
    }

    private static JsonNode sequence(String name, ArrayNode parts) {
        if (parts.isEmpty()) {
            return JSON.nullNode();
        }
        ObjectNode sequence = JSON.objectNode().put("type", "Sequence");
        sequence.set(name, parts);
        return sequence;
    }

    private static String anyOf(List<String> texts) {
        StringBuilder pattern = new StringBuilder();
        texts.stream().sorted(Comparator.comparingInt(SentencePieceAsJson::length).reversed()).forEach(text -> {
            pattern.append(pattern.length() == 0 ? "" : "|");
            text.chars().forEach(character -> pattern.append(
                    SIGNS.matcher(String.valueOf((char) character)).matches() ? "\\" : "").append((char) character));
        });
        return pattern.toString();
    }
}
