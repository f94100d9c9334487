package io.nightshift.formats.modelcard;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A model or data set that a model was made from, as the card names it: an identifier, an address, or a table of its
 * own (metadata.py, apply_metadata_heuristic).
 *
 * @param values what is known of it, by the last part of its key
 */
record Origin(Map<String, Object> values) {
    /** The parts that are written, in this order. */
    static final List<String> KEYS = List.of(
            "name", "author", "version", "organization", "description", "url", "doi", "uuid", "repo_url");

    private static final Pattern HUGGING_FACE = Pattern.compile("https?://huggingface.co/([^/]+/[^/]+)$");

    /** Reads an entry of the card; nothing is known of one in another form. */
    static Origin of(Object entry, long parameters) {
        Map<String, Object> values = new LinkedHashMap<>();
        if (entry instanceof String identifier) {
            if (identifier.matches("(?s)(https?|ssh)://.*")) {
                values.put("repo_url", identifier);
                Matcher matcher = HUGGING_FACE.matcher(identifier);
                if (matcher.lookingAt()) {
                    describe(ModelName.parse(matcher.group(1), parameters), values);
                }
            } else {
                ModelName name = ModelName.parse(identifier, parameters);
                describe(name, values);
                if (name.organization() != null) {
                    values.put("repo_url", "https://huggingface.co/" + name.organization() + "/" + name.fullName());
                }
            }
        } else if (entry instanceof Map<?, ?> table) {
            KEYS.stream().filter(table::containsKey).forEach(key -> values.put(key, table.get(key)));
        }
        return new Origin(values);
    }

    private static void describe(ModelName name, Map<String, Object> values) {
        values.put("name", ModelName.title(name.fullName()));
        if (name.organization() != null) {
            values.put("organization", ModelName.title(name.organization()));
        }
        if (name.version() != null) {
            values.put("version", name.version());
        }
    }
}
