package io.nightshift.formats.chat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.nightshift.formats.InvalidModelException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A conversation of a data set, as templates take it.
 *
 * @param messages dicts with a role and, mostly, a content
 * @param tools that the assistant may call; null for none
 * @param variables further variables of the template
 */
public record Conversation(List<Object> messages, Object tools, Map<String, Object> variables) {
    /** The field with the messages where the user names none. */
    public static final String MESSAGES = "messages";

    /** Fields that are taken beside the messages, where they are there. */
    public static final List<String> OTHER_FIELDS = List.of("tools", "chat_template_kwargs");

    private static final String TOOLS = "tools";
    private static final String VARIABLES = "chat_template_kwargs";
    private static final Set<String> TAKEN = Set.of(MESSAGES, TOOLS, "documents", "add_generation_prompt");
    private static final ObjectMapper JSON =
            new ObjectMapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    /**
     * A conversation from a record: an object with messages and, if it likes, {@value #TOOLS} and {@value #VARIABLES}, the
     * fields that TRL's data sets have. Other fields are left aside.
     *
     * @param record JSON
     * @param field with the messages
     * @param where the record is, for messages
     * @throws InvalidModelException if it is no such record
     */
    public static Conversation parse(String record, String field, String where) {
        JsonNode json;
        try {
            json = JSON.readTree(record);
        } catch (JsonProcessingException e) {
            throw new InvalidModelException(where + ": is no JSON: " + e.getOriginalMessage(), e);
        }
        if (!json.isObject()) {
            throw new InvalidModelException(where + ": is no JSON object; one with " + field + " is wanted");
        }
        JsonNode tools = json.path(TOOLS);
        if (!tools.isArray() && !isAbsent(tools)) {
            throw new InvalidModelException(where + ": tools is " + kind(tools) + ", where a list is wanted");
        }
        JsonNode variables = json.path(VARIABLES);
        if (!variables.isObject() && !isAbsent(variables)) {
            throw new InvalidModelException(
                    where + ": " + VARIABLES + " is " + kind(variables) + ", where an object is wanted");
        }
        for (String name : TAKEN) {
            if (variables.has(name)) {
                throw new InvalidModelException(where + ": " + VARIABLES + " cannot set " + name);
            }
        }
        return new Conversation(messages(json.path(field), field, where), JsonValues.of(tools),
                isAbsent(variables) ? Map.of() : JsonValues.map(variables));
    }

    private static List<Object> messages(JsonNode messages, String field, String where) {
        if (!messages.isArray() || messages.isEmpty()) {
            throw new InvalidModelException(where + ": " + (messages.isMissingNode() ? "has no " + field
                    : field + " is " + (messages.isArray() ? "empty" : kind(messages)))
                    + "; a list of objects with role and content is wanted (--text-column names another field)");
        }
        List<Object> values = new ArrayList<>();
        for (JsonNode message : messages) {
            String which = where + ": message " + (values.size() + 1);
            if (!message.isObject()) {
                throw new InvalidModelException(which + " is " + kind(message)
                        + ", where an object with role and content is wanted");
            }
            if (!message.path("role").isTextual()) {
                throw new InvalidModelException(which + " has no role, or one that is no text");
            }
            JsonNode content = message.path("content");
            if (!content.isTextual() && !content.isArray() && !isAbsent(content)) {
                throw new InvalidModelException(which + " has " + kind(content)
                        + " as content, where a text is wanted, or a list of parts");
            }
            for (JsonNode part : content) {
                if (!part.isObject()) {
                    throw new InvalidModelException(which + " has a content with " + kind(part)
                            + " as a part, where objects are wanted");
                }
            }
            values.add(JsonValues.of(message));
        }
        return values;
    }

    private static boolean isAbsent(JsonNode node) {
        return node.isMissingNode() || node.isNull();
    }

    private static String kind(JsonNode node) {
        return switch (node.getNodeType()) {
            case STRING -> "a text";
            case ARRAY -> "a list";
            case OBJECT -> "an object";
            case NUMBER -> "a number";
            case BOOLEAN -> "a truth value";
            default -> "null";
        };
    }

    /** Whether the assistant says a message. */
    boolean isOfAssistant(int message) {
        return "assistant".equals(((Map<?, ?>) messages.get(message)).get("role"));
    }

    /** How often the assistant speaks. */
    public int turns() {
        int turns = 0;
        for (int i = 0; i < messages.size(); i++) {
            turns += isOfAssistant(i) ? 1 : 0;
        }
        return turns;
    }
}
