package io.nightshift.formats.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.storage.ModelFolder;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * What a checkpoint says of chats, as transformers reads it (tokenization_utils_base.py): unlike llama.cpp's converter it
 * prefers a template in a file of its own.
 *
 * @param location of the checkpoint, for messages
 * @param templates by name, that of {@value #USUAL} among them
 * @param specialTokens by their names in templates, such as {@code bos_token}
 */
public record ChatFormat(String location, Map<String, String> templates, Map<String, String> specialTokens) {
    /** The name of the template that is taken where no other is called for. */
    public static final String USUAL = "default";

    /** Classes that have no special tokens but those that the files name. */
    private static final Set<String> WITHOUT_DEFAULTS =
            Set.of("", "PreTrainedTokenizer", "PreTrainedTokenizerFast", "TokenizersBackend");

    /** What files with tekken.json need not say of it. */
    private static final Map<String, String> TEKKEN =
            Map.of("bos", Tekken.BOS, "eos", Tekken.EOS, "unk", Tekken.UNKNOWN, "pad", Tekken.PADDING);

    /**
     * Reads templates and special tokens.
     *
     * @throws InvalidModelException if there is no template, or a special token that it uses is not known
     * @throws IOException if a file cannot be read
     */
    public static ChatFormat read(ModelFolder folder) throws IOException {
        TokenizerFiles files = new TokenizerFiles(folder);
        Map<String, String> templates = new LinkedHashMap<>();
        ChatTemplates.readAsTransformers(files).templates()
                .forEach(template -> templates.put(template.name(), template.text()));
        if (!templates.containsKey(USUAL)) {
            throw new InvalidModelException(files.location() + (templates.isEmpty()
                    ? ": has no chat template (chat_template.jinja, or chat_template in tokenizer_config.json), so that chats"
                            + " cannot be rendered; leave out --chat, or take the instruction-tuned checkpoint"
                    : ": has chat templates with the names " + templates.keySet() + ", and none that is the default"));
        }
        return new ChatFormat(files.location(), templates, specialTokens(files, templates));
    }

    private static Map<String, String> specialTokens(TokenizerFiles files, Map<String, String> templates) throws IOException {
        JsonNode config = files.tokenizerConfig();
        JsonNode map = config.has("added_tokens_decoder") ? MissingNode.getInstance() : files.specialTokensMap();
        Map<String, String> tokens = new LinkedHashMap<>();
        for (String role : SpecialTokens.COMMON) {
            String name = role + "_token";
            JsonNode given = map.has(name) ? map.path(name) : config.path(name);
            if (given.isMissingNode()) {
                String usual = Tekken.isTakenOf(files) ? TEKKEN.get(role) : TokenizerClass.of(files).specials().get(role);
                if (usual != null) {
                    tokens.put(name, usual);
                } else {
                    requireUnused(files, name, templates);
                }
            } else {
                put(tokens, name, given);
            }
        }
        for (String key : Set.of("extra_special_tokens", "model_specific_special_tokens")) {
            config.path(key).fields().forEachRemaining(entry -> put(tokens, entry.getKey(), entry.getValue()));
        }
        return tokens;
    }

    private static void put(Map<String, String> tokens, String name, JsonNode token) {
        JsonNode content = token.isObject() ? token.path("content") : token;
        if (content.isTextual()) {
            tokens.put(name, content.textValue());
        }
    }

    /** A class of its own may have a token of its own, which the files need not name. */
    private static void requireUnused(TokenizerFiles files, String name, Map<String, String> templates) {
        String type = files.tokenizerConfig().path("tokenizer_class").asText("");
        if (WITHOUT_DEFAULTS.contains(type) || TokenizerClass.of(files) != TokenizerClass.GENERIC) {
            return;
        }
        Pattern word = Pattern.compile("\\b" + name + "\\b");
        if (templates.values().stream().anyMatch(template -> word.matcher(template).find())) {
            throw new InvalidModelException(files.path("tokenizer_config.json") + ": does not say what " + name
                    + " is, which the chat template writes and " + type + " may have; add it (null for none)");
        }
    }
}
