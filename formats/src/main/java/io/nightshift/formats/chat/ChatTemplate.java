package io.nightshift.formats.chat;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.jinja.JinjaException;
import io.nightshift.formats.jinja.JinjaTemplate;
import io.nightshift.formats.jinja.Rendered;
import io.nightshift.formats.storage.ModelFolder;
import io.nightshift.formats.tokenizer.ChatFormat;
import java.io.IOException;
import java.time.LocalDateTime;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * The chat template of a checkpoint: what {@code apply_chat_template} of transformers gives, the same characters, or a
 * refusal.
 */
public final class ChatTemplate {
    private static final String WITH_TOOLS = "tool_use";
    private static final Pattern GENERATION = Pattern.compile("\\{%[-+]?\\s*generation\\s*[-+]?%\\}");

    private final ChatFormat format;
    private final LocalDateTime now;
    private final Map<String, JinjaTemplate> parsed = new HashMap<>();

    private ChatTemplate(ChatFormat format, LocalDateTime now) {
        this.format = format;
        this.now = now;
    }

    /**
     * The template of a checkpoint.
     *
     * @param now what the template is told where it asks for the time
     * @throws InvalidModelException if there is none, or it cannot be rendered
     * @throws IOException if a file cannot be read
     */
    public static ChatTemplate of(ModelFolder folder, LocalDateTime now) throws IOException {
        return of(ChatFormat.read(folder), now);
    }

    static ChatTemplate of(ChatFormat format, LocalDateTime now) {
        ChatTemplate template = new ChatTemplate(format, now);
        template.parsed(ChatFormat.USUAL);
        return template;
    }

    private JinjaTemplate parsed(String name) {
        return parsed.computeIfAbsent(name, wanted -> {
            try {
                return JinjaTemplate.parse(format.templates().get(wanted));
            } catch (JinjaException e) {
                throw new InvalidModelException(format.location() + ": its chat template " + e.getMessage()
                        + "; chats of this model cannot be rendered", e);
            }
        });
    }

    /** Whether what is rendered depends on the day. */
    public boolean tellsTime() {
        return format.templates().values().stream().anyMatch(template -> template.contains("strftime_now"));
    }

    /**
     * A conversation as text.
     *
     * @param where it is, for messages
     * @throws InvalidModelException if the template refuses it, or cannot be rendered; the message is the template's own
     */
    public RenderedChat render(Conversation conversation, String where) {
        Rendered whole;
        try {
            whole = render(conversation, conversation.messages().size(), false);
        } catch (JinjaException e) {
            throw new InvalidModelException(where + ": the chat template says: " + inOneLine(e.getMessage()), e);
        }
        if (marksGenerated(conversation)) {
            return new RenderedChat(whole.text(), whole.generated(), 0);
        }
        String end = format.specialTokens().getOrDefault("eos_token", "");
        return new AssistantTurns(conversation, whole.text(), end, this::render).rendered();
    }

    /** A template may say what it was given, lines and all. */
    private static String inOneLine(String message) {
        return message.replaceAll("\\s*\\R\\s*", " ");
    }

    private boolean marksGenerated(Conversation conversation) {
        return GENERATION.matcher(format.templates().get(name(conversation))).find();
    }

    private String name(Conversation conversation) {
        return conversation.tools() != null && format.templates().containsKey(WITH_TOOLS) ? WITH_TOOLS : ChatFormat.USUAL;
    }

    /** The first messages of a conversation. */
    private Rendered render(Conversation conversation, int messages, boolean prompt) {
        Map<String, Object> variables = new HashMap<>(format.specialTokens());
        variables.putAll(conversation.variables());
        variables.put("messages", List.copyOf(conversation.messages().subList(0, messages)));
        variables.put("tools", conversation.tools());
        variables.put("documents", null);
        variables.put("add_generation_prompt", prompt);
        return parsed(name(conversation)).render(variables, now);
    }
}
