package io.nightshift.formats.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.Warnings;
import io.nightshift.formats.gguf.GgufMetadata;
import io.nightshift.formats.gguf.GgufValue;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/**
 * The ids of special tokens, whether they are added to texts, the normalizer's flags and the chat template (vocab.py,
 * SpecialVocab). An id comes from the name in {@code tokenizer_config.json} and the added token of that name in
 * {@code tokenizer.json}, else from {@code config.json}.
 */
final class SpecialTokens {
    static final List<String> COMMON = List.of("bos", "eos", "unk", "sep", "pad", "cls", "mask");

    private static final Map<String, String> ID_KEYS = Map.of(
            "bos", "bos_token_id",
            "eos", "eos_token_id",
            "unk", "unknown_token_id",
            "sep", "seperator_token_id",
            "pad", "padding_token_id",
            "mask", "mask_token_id",
            "eot", "eot_token_id",
            "eom", "eom_token_id");
    private static final List<String> FLAG_TYPES = List.of("bos", "eos", "sep");

    private final TokenizerFiles files;
    private final OptionalInt vocabularySize;
    private final Warnings warnings;
    private final Map<String, Integer> ids = new LinkedHashMap<>();
    private final Map<String, Boolean> flags = new LinkedHashMap<>();
    private ChatTemplates chatTemplates = ChatTemplates.NONE;

    /**
     * Reads them.
     *
     * @param types the types looked for
     * @param vocabularySize ids from here on are left out with a warning; empty if all are taken
     */
    SpecialTokens(
            TokenizerFiles files, List<String> types, OptionalInt vocabularySize, Warnings warnings)
            throws IOException {
        this.files = files;
        this.vocabularySize = vocabularySize;
        this.warnings = warnings;
        ObjectNode config = files.tokenizerConfig() instanceof ObjectNode object
                ? object.deepCopy()
                : JsonNodeFactory.instance.objectNode();
        List<String> wanted = types;
        if (!files.tokenizerJson().isEmpty()) {
            PostProcessor postProcessor = new PostProcessor(files.tokenizerJson(), config, types);
            flags.putAll(postProcessor.flags());
            wanted = postProcessor.types();
        }
        if (!config.isEmpty()) {
            chatTemplates = ChatTemplates.read(files, warnings);
            for (String type : wanted) {
                readFromTokenizer(type, config);
            }
        }
        for (String type : wanted) {
            readFromModel(type);
        }
    }

    private void readFromTokenizer(String type, ObjectNode config) {
        JsonNode added = config.path("add_" + type + "_token");
        if (added.isBoolean()) {
            flags.put(type, added.booleanValue());
        }
        JsonNode token = config.path(type + "_token");
        JsonNode content = token.isObject() ? token.path("content") : token;
        if (!content.isTextual()) {
            return;
        }
        for (JsonNode addedToken : files.tokenizerJson().path("added_tokens")) {
            if (content.equals(addedToken.path("content"))) {
                set(type, addedToken.path("id"));
                return;
            }
        }
    }

    private void readFromModel(String type) {
        JsonNode id = files.config().path(type + "_token_id");
        if (id.isMissingNode() || id.isNull()) {
            id = files.config().path("text_config").path(type + "_token_id");
        }
        set(type, id);
    }

    /** Takes an id, unless there is one already or it is no single number. */
    private void set(String type, JsonNode id) {
        if (!id.isIntegralNumber()) {
            return;
        }
        if (!id.canConvertToInt() || id.intValue() < 0) {
            throw new InvalidModelException(files.path("config.json") + ": " + type + "_token_id is " + id
                    + "; remove it or give the token's number");
        }
        set(type, id.intValue());
    }

    /** Takes an id, unless there is one already. */
    void set(String type, int id) {
        if (vocabularySize.isPresent() && id >= vocabularySize.getAsInt()) {
            warnings.differs("the special token " + type + " is left out: its number " + id
                    + " is beyond the vocabulary of " + vocabularySize.getAsInt() + " tokens");
        } else {
            ids.putIfAbsent(type, id);
        }
    }

    void appendTo(GgufMetadata metadata) {
        ids.forEach((type, id) -> {
            if (ID_KEYS.containsKey(type)) {
                metadata.put("tokenizer.ggml." + ID_KEYS.get(type), new GgufValue.Uint32(id));
            }
        });
        flags.forEach((type, added) -> {
            if (FLAG_TYPES.contains(type)) {
                metadata.put("tokenizer.ggml.add_" + type + "_token", new GgufValue.Bool(added));
            }
        });
        chatTemplates.appendTo(metadata);
        Normalizer.read(files.tokenizerJson().path("normalizer")).appendTo(metadata);
    }
}
