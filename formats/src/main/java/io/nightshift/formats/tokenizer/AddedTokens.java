package io.nightshift.formats.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.Printable;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The tokens beside a tokenizer.json's model, as transformers has them once it has loaded the folder: those of
 * {@code tokenizer.json}, changed and added to by {@code tokenizer_config.json} or, where that lists none, by
 * {@code added_tokens.json} and {@code special_tokens_map.json}; and every special token that is named.
 */
final class AddedTokens {
    private static final List<String> ROLES = List.of("bos", "eos", "unk", "sep", "pad", "cls", "mask");
    private static final List<String> FLAGS = List.of("single_word", "lstrip", "rstrip", "normalized", "special");

    private final TokenizerFiles files;
    private final JsonNode modelVocabulary;
    private final Map<String, ObjectNode> tokens = new LinkedHashMap<>();
    private final Set<String> specials = new LinkedHashSet<>();
    private boolean changed;

    /** An added token. Text that holds it is normalized before the search for it if {@code normalized} says so. */
    record AddedToken(int id, String content, boolean special, boolean normalized) {}

    AddedTokens(TokenizerFiles files) {
        this.files = files;
        modelVocabulary = files.tokenizerJson().path("model").path("vocab");
        for (JsonNode token : files.tokenizerJson().path("added_tokens")) {
            if (!token.isObject() || !token.path("id").isInt() || token.path("id").intValue() < 0) {
                throw new InvalidModelException(files.path("tokenizer.json")
                        + ": an added token is no object with a number from 0 on as its id: "
                        + Printable.name(token.toString()));
            }
            tokens.put(token.path("content").asText(), (ObjectNode) token.deepCopy());
        }
        TokenizerClass tokenizerClass = TokenizerClass.of(files);
        Map<String, String> named = new LinkedHashMap<>();
        ROLES.forEach(role -> named.put(role + "_token", tokenizerClass.specials().get(role)));
        List<String> extra = new ArrayList<>();
        collectSpecials(files.tokenizerConfig(), true, named, extra);
        JsonNode decoder = files.tokenizerConfig().path("added_tokens_decoder");
        if (decoder.isMissingNode()) {
            collectSpecials(files.specialTokensMap(), false, named, extra);
        }
        named.values().stream().filter(token -> token != null).forEach(specials::add);
        List<String> roles = List.copyOf(specials);
        specials.addAll(extra);

        if (decoder.isMissingNode()) {
            addLegacyTokens();
        } else {
            sortedByNumber(decoder).forEach(this::override);
        }
        roles.forEach(this::mark);
        for (String token : extra) {
            if (tokenizerClass.marksAll() || !tokens.containsKey(token)) {
                mark(token);
            }
        }
    }

    /** The tokens, in the order of their ids. */
    List<AddedToken> all() {
        return tokens.values().stream()
                .map(token -> new AddedToken(
                        token.path("id").intValue(),
                        token.path("content").asText(),
                        token.path("special").asBoolean(),
                        token.path("normalized").asBoolean()))
                .sorted(Comparator.comparingInt(AddedToken::id))
                .toList();
    }

    /** The special tokens that have a role or are listed as extra ones, be they added or in the model's vocabulary. */
    Set<String> specials() {
        return Collections.unmodifiableSet(specials);
    }

    /** The content of tokenizer.json with these tokens. */
    JsonNode applied() {
        if (!changed) {
            return files.tokenizerJson();
        }
        ArrayNode list = JsonNodeFactory.instance.arrayNode();
        tokens.values().stream().sorted(Comparator.comparingInt(t -> t.path("id").intValue())).forEach(list::add);
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.setAll((ObjectNode) files.tokenizerJson());
        json.set("added_tokens", list);
        return json;
    }

    /** Special tokens of a file: any {@code NAME_token}, and lists of extra ones. */
    private static void collectSpecials(
            JsonNode file, boolean anyName, Map<String, String> named, List<String> extra) {
        file.fields().forEachRemaining(entry -> {
            String key = entry.getKey();
            String token = content(entry.getValue());
            boolean role = named.containsKey(key) || anyName && key.endsWith("_token");
            if (role && token != null) {
                named.put(key, token);
            }
        });
        JsonNode list = file.has("extra_special_tokens")
                ? file.path("extra_special_tokens")
                : file.path("additional_special_tokens");
        if (list.isObject()) {
            list.fields().forEachRemaining(entry -> named.put(entry.getKey(), content(entry.getValue())));
        } else {
            list.forEach(token -> {
                if (content(token) != null && !extra.contains(content(token))) {
                    extra.add(content(token));
                }
            });
        }
    }

    private static String content(JsonNode token) {
        JsonNode content = token.isObject() ? token.path("content") : token;
        return content.isTextual() ? content.textValue() : null;
    }

    private static List<JsonNode> sortedByNumber(JsonNode decoder) {
        List<Map.Entry<String, JsonNode>> entries = new ArrayList<>();
        decoder.fields().forEachRemaining(entries::add);
        entries.sort(Comparator.comparingLong(entry -> Long.parseLong(entry.getKey().strip())));
        return entries.stream().map(Map.Entry::getValue).toList();
    }

    /** Adds a token of tokenizer_config.json, or gives the one of that content its flags. */
    private void override(JsonNode given) {
        String content = given.path("content").asText();
        ObjectNode token = tokens.get(content);
        if (token == null) {
            token = add(content);
        }
        for (String flag : FLAGS) {
            boolean value = given.path(flag).asBoolean();
            changed |= value != token.path(flag).asBoolean();
            token.put(flag, value);
        }
    }

    private void addLegacyTokens() {
        List<Map.Entry<String, JsonNode>> legacy = new ArrayList<>();
        files.addedTokens().fields().forEachRemaining(legacy::add);
        legacy.sort(Comparator.comparingInt(entry -> entry.getValue().intValue()));
        for (Map.Entry<String, JsonNode> entry : legacy) {
            if (!tokens.containsKey(entry.getKey())) {
                boolean special = specials.contains(entry.getKey());
                add(entry.getKey()).put("special", special).put("normalized", !special);
            }
        }
    }

    private void mark(String content) {
        ObjectNode token = tokens.get(content);
        if (token == null) {
            token = add(content);
        }
        changed |= !token.path("special").asBoolean();
        token.put("special", true);
    }

    private ObjectNode add(String content) {
        changed = true;
        ObjectNode token = JsonNodeFactory.instance.objectNode();
        token.put("id", newId(content)).put("content", content);
        FLAGS.forEach(flag -> token.put(flag, false));
        tokens.put(content, token);
        return token;
    }

    /** The model's own id of that content, else the next free one. */
    private int newId(String content) {
        if (modelVocabulary.has(content)) {
            return modelVocabulary.path(content).intValue();
        }
        int last = tokens.values().stream().mapToInt(token -> token.path("id").intValue()).max().orElse(-1);
        return Math.max(last + 1, modelVocabulary.size());
    }
}
