package io.nightshift.formats.chat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.storage.LocalFolder;
import io.nightshift.formats.tokenizer.ChatFormat;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Against what transformers gives, recorded by {@code src/test/python/chat_templates.py}. */
class ChatTemplateTest {
    private static final LocalDateTime NOW = LocalDateTime.of(2026, 7, 6, 13, 5, 9);
    private static final JsonNode RECORDED = recorded();

    @TempDir
    Path folder;

    private static JsonNode recorded() {
        try {
            return new ObjectMapper().readTree(Path.of("src/test/resources/chat/templates.json").toFile());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static List<JsonNode> chats() {
        List<JsonNode> chats = new ArrayList<>();
        RECORDED.get("chats").forEach(chat -> {
            if (!chat.get("prompt").asBoolean()) {
                chats.add(chat);
            }
        });
        return chats;
    }

    private static ChatTemplate template(String name) {
        return ChatTemplate.of(new ChatFormat("model", Map.of("default", RECORDED.get("templates").get(name).asText()),
                Map.of("bos_token", "<s>", "eos_token", "</s>")), NOW);
    }

    private static RenderedChat render(ChatTemplate template, String conversation) {
        String record = RECORDED.get("conversations").get(conversation).toString();
        return template.render(Conversation.parse(record, "messages", "chats.jsonl, line 7"), "chats.jsonl, line 7");
    }

    @ParameterizedTest
    @MethodSource("chats")
    void aConversationIsRenderedAsByTransformers(JsonNode chat) {
        ChatTemplate template = template(chat.get("template").asText());
        String conversation = chat.get("conversation").asText();
        if (chat.has("error")) {
            InvalidModelException refused =
                    assertThrows(InvalidModelException.class, () -> render(template, conversation));
            assertTrue(refused.getMessage().startsWith("chats.jsonl, line 7: the chat template says: "), refused.getMessage());
            return;
        }
        RenderedChat rendered = render(template, conversation);
        assertEquals(chat.get("text").asText(), rendered.text());
        if (chat.has("generated")) {
            List<String> marked = new ArrayList<>();
            chat.get("generated").forEach(span -> marked.add(chat.get("text").asText()
                    .codePoints().skip(span.get(0).asInt()).limit(span.get(1).asInt() - span.get(0).asInt())
                    .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append).toString()));
            assertEquals(marked, said(rendered));
        }
    }

    private static List<String> said(RenderedChat rendered) {
        return rendered.assistant().stream().map(span -> rendered.text().substring(span.from(), span.to())).toList();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "marked | system | ' <b>4</b>\n</s>@Yes — 漢字 😀</s>' | 0",
        "alternating | system | ' <b>4</b></s>@ Yes — 漢字 😀</s>' | 0",
        "ended | system | ' <b>4</b>\n<|end|>\n@Yes — 漢字 😀<|end|>\n</s>' | 0",
        "prompted | system | ' <b>4</b>\n</s>@Yes — 漢字 😀</s>' | 0",
        "thinking | reasoning | 'ha\n</think>\n\ntwo<|im_end|>\n' | 1",
        "tools | open | 'Hi<|eot_id|>' | 0"})
    void theAssistantsTurnsAreFound(String template, String conversation, String turns, int unplaced) {
        RenderedChat rendered = render(template(template), conversation);
        assertEquals(List.of(turns.replace("\\n", "\n").split("@")), said(rendered));
        assertEquals(unplaced, rendered.unplaced());
    }

    @Test
    void aTurnWhoseThinkingIsDroppedLaterEndsAtTheEndToken() {
        ChatTemplate thinking = ChatTemplate.of(new ChatFormat("model",
                Map.of("default", RECORDED.get("templates").get("thinking").asText()), Map.of("eos_token", "<|im_end|>")), NOW);
        assertEquals(List.of("one<|im_end|>", "<think>\nha\n</think>\n\ntwo<|im_end|>"), said(render(thinking, "thought")));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "nonsense | is no JSON: ",
        "[] | is no JSON object; one with messages is wanted",
        "{\"text\": \"a\"} | has no messages; a list of objects with role and content is wanted",
        "{\"messages\": []} | messages is empty; a list",
        "{\"messages\": \"a\"} | messages is a text; a list",
        "{\"messages\": [\"a\"]} | message 1 is a text",
        "{\"messages\": [{\"content\": \"a\"}]} | message 1 has no role, or one that is no text",
        "{\"messages\": [{\"role\": \"user\", \"content\": 5}]} | message 1 has a number as content, where a text",
        "{\"messages\": [{\"role\": \"user\", \"content\": [\"a\"]}]} | message 1 has a content with a text as a part,",
        "{\"messages\": [{\"role\": \"user\"}], \"tools\": \"x\"} | tools is a text",
        "{\"messages\": [{\"role\": \"user\"}], \"chat_template_kwargs\": 1} | chat_template_kwargs is a number",
        "{\"messages\": [{\"role\": \"user\"}], \"chat_template_kwargs\": {\"tools\": 1}} | chat_template_kwargs cannot"})
    void anotherRecordIsRefused(String record, String message) {
        InvalidModelException refused =
                assertThrows(InvalidModelException.class, () -> Conversation.parse(record, "messages", "a.jsonl, line 3"));
        assertTrue(refused.getMessage().startsWith("a.jsonl, line 3: " + message), refused.getMessage());
    }

    @Test
    void theTemplateAndTheTokensAreThoseThatTransformersTakes() throws IOException {
        Files.writeString(folder.resolve("tokenizer_config.json"), """
                {"tokenizer_class": "PreTrainedTokenizerFast", "bos_token": {"content": "<s>"}, "eos_token": null,
                 "extra_special_tokens": {"image_token": "<img>"},
                 "chat_template": [{"name": "default", "template": "{{ bos_token }}{{ eos_token }}{{ image_token }}"},
                 {"name": "tool_use", "template": "tools"}]}""");
        String plain = "{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}]}";
        String tools = "{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"tools\": []}";
        assertEquals("<s><img>", text(plain));
        assertEquals("tools", text(tools));
        Files.writeString(folder.resolve("special_tokens_map.json"), "{\"eos_token\": \"</s>\"}");
        assertEquals("<s></s><img>", text(plain));
        Files.writeString(folder.resolve("chat_template.jinja"), "file{{ messages|length }}\n");
        assertEquals("file1", text(plain));
    }

    private String text(String record) throws IOException {
        return ChatTemplate.of(new LocalFolder(folder), NOW).render(Conversation.parse(record, "messages", "a"), "a").text();
    }

    @Test
    void aCheckpointWithoutATemplateIsRefused() throws IOException {
        Files.writeString(folder.resolve("tokenizer_config.json"), "{}");
        InvalidModelException refused =
                assertThrows(InvalidModelException.class, () -> ChatTemplate.of(new LocalFolder(folder), NOW));
        assertTrue(refused.getMessage().contains(": has no chat template (chat_template.jinja, "), refused.getMessage());
    }

    @Test
    void aTokenThatOnlyTheClassKnowsIsRefused() throws IOException {
        Files.writeString(folder.resolve("tokenizer_config.json"),
                "{\"tokenizer_class\": \"OtherTokenizer\", \"chat_template\": \"{{ bos_token }}\"}");
        InvalidModelException refused =
                assertThrows(InvalidModelException.class, () -> ChatTemplate.of(new LocalFolder(folder), NOW));
        assertTrue(refused.getMessage().contains("does not say what bos_token is"), refused.getMessage());
    }

    @ParameterizedTest
    @ValueSource(strings = {"a\u0000b", "caf\u00e9"})
    void aFileThatIsNoTextIsRefused(String content) throws IOException {
        Files.write(folder.resolve("chat_template.jinja"), content.getBytes(StandardCharsets.ISO_8859_1));
        InvalidModelException refused =
                assertThrows(InvalidModelException.class, () -> ChatTemplate.of(new LocalFolder(folder), NOW));
        assertTrue(refused.getMessage().contains("chat_template.jinja: no chat template: it holds bytes that are no text"),
                refused.getMessage());
    }

    @Test
    void aBrokenTemplateIsRefused() throws IOException {
        Files.writeString(folder.resolve("tokenizer_config.json"), "{\"chat_template\": \"a\\n{% if x %}\"}");
        InvalidModelException refused =
                assertThrows(InvalidModelException.class, () -> ChatTemplate.of(new LocalFolder(folder), NOW));
        assertTrue(refused.getMessage().contains("its chat template is no template: it ends where "), refused.getMessage());
    }
}
