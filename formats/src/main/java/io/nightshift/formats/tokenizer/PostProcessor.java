package io.nightshift.formats.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What the post-processor of {@code tokenizer.json} tells about special tokens: whether one is put before, between and
 * after texts, and which tokens play these roles where {@code tokenizer_config.json} says nothing or something else
 * (vocab.py, SpecialVocab._try_load_from_tokenizer_json).
 */
final class PostProcessor {
    private final ObjectNode config;
    private final List<String> types;
    private final Map<String, Boolean> flags = new LinkedHashMap<>();
    private JsonNode bos;
    private JsonNode cls;
    private JsonNode eos;
    private JsonNode sep;

    /**
     * Reads the post-processor.
     *
     * @param tokenizer the content of tokenizer.json
     * @param config the content of tokenizer_config.json, empty if there is none; roles found are entered here
     * @param types the types of special tokens looked for
     */
    PostProcessor(JsonNode tokenizer, ObjectNode config, List<String> types) {
        this.config = config;
        this.types = new ArrayList<>(types);
        bos = role("bos");
        cls = role("cls");
        eos = role("eos");
        sep = role("sep");
        if (bos == null && cls != null) {
            bos = enter("bos", cls);
        }
        if (eos == null && sep != null) {
            eos = enter("eos", sep);
        }
        JsonNode processor = tokenizer.path("post_processor");
        Iterable<JsonNode> processors = processor.has("processors") ? processor.path("processors") : List.of(processor);
        for (JsonNode each : processors) {
            switch (each.path("type").asText()) {
                case "RobertaProcessing" -> roberta(each);
                case "TemplateProcessing" -> template(each);
                default -> {}
            }
        }
    }

    /** The types of special tokens to look for: those asked for, and what the template made of them. */
    List<String> types() {
        return types;
    }

    /** Whether a special token is added, by type, in the order found. */
    Map<String, Boolean> flags() {
        return flags;
    }

    private void roberta(JsonNode processor) {
        flags.put("bos", true);
        flags.put("eos", true);
        flags.put("sep", true);
        if (!config.isEmpty() && cls == null) {
            cls = enter("cls", processor.has("cls") ? processor.path("cls").get(0) : bos);
        }
        if (!config.isEmpty() && sep == null) {
            sep = enter("sep", processor.has("sep") ? processor.path("sep").get(0) : eos);
        }
    }

    private void template(JsonNode processor) {
        JsonNode single = processor.path("single");
        JsonNode first = null;
        JsonNode last = null;
        if (single.size() > 1) {
            first = special(single.get(0));
            last = special(single.get(single.size() - 1));
            if (first != null) {
                leading(first);
            }
            if (last != null) {
                trailing(last);
            }
        }
        JsonNode pair = processor.path("pair");
        if (!pair.isEmpty()) {
            int from = first != null && first.equals(special(pair.get(0))) ? 1 : 0;
            int to = pair.size() - (last != null && last.equals(special(pair.get(pair.size() - 1))) ? 1 : 0);
            between(pair, from, to, last != null);
        }
    }

    private void leading(JsonNode first) {
        if (config.isEmpty()) {
            bos = first;
        } else if (!first.equals(bos) && !first.equals(cls)) {
            if (bos == null) {
                bos = enter("bos", first);
            }
            if (cls == null) {
                cls = enter("cls", first);
            }
        }
        flags.put("bos", first.equals(bos) || first.equals(cls));
    }

    /** What ends a text is its end token; the one that was named so ends a turn or a message. */
    private void trailing(JsonNode last) {
        if (config.isEmpty()) {
            eos = last;
        } else if (!last.equals(eos)) {
            for (String type : List.of("eot", "eom")) {
                if (!types.contains(type)) {
                    types.add(type);
                    enter(type, eos);
                    break;
                }
            }
            eos = enter("eos", last);
        }
        flags.put("eos", true);
    }

    /** Whether a pair A [sep] [eos] B, from {@code from} (inclusive) to {@code to} (exclusive), has a separator. */
    private void between(JsonNode pair, int from, int to, boolean ends) {
        if (to - from < 3
                || !pair.get(from).path("Sequence").path("id").asText().equals("A")
                || !pair.get(to - 1).path("Sequence").path("id").asText().equals("B")) {
            return;
        }
        boolean separated = isSeparator(special(pair.get(from + 1))) && !ends;
        if (to - from == 4) {
            separated |= isSeparator(special(pair.get(from + 2)));
        }
        flags.put("sep", separated);
        if (separated && sep == null && !config.isEmpty()) {
            enter("sep", eos);
        }
    }

    private boolean isSeparator(JsonNode token) {
        return token != null && (token.equals(sep) || token.equals(eos));
    }

    private static JsonNode special(JsonNode item) {
        return present(item.path("SpecialToken").path("id"));
    }

    private JsonNode role(String type) {
        return present(config.path(type + "_token"));
    }

    private JsonNode enter(String type, JsonNode token) {
        if (!config.isEmpty()) {
            config.set(type + "_token", token);
        }
        return token;
    }

    /** Null for what Python takes for false: missing, null, empty. */
    private static JsonNode present(JsonNode node) {
        boolean empty = node.isMissingNode() || node.isNull() || node.isTextual() && node.textValue().isEmpty();
        return empty ? null : node;
    }
}
