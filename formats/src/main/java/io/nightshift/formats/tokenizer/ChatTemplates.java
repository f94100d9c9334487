package io.nightshift.formats.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.Warnings;
import io.nightshift.formats.gguf.GgufMetadata;
import io.nightshift.formats.gguf.GgufValue;
import io.nightshift.formats.storage.JsonFile;
import io.nightshift.formats.storage.ModelFolder;
import io.nightshift.formats.storage.StoredFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The chat templates of a model: one, or several with names of which {@code default} is the usual one
 * (gguf_writer.py, add_chat_template).
 */
record ChatTemplates(List<Template> templates) {
    static final ChatTemplates NONE = new ChatTemplates(List.of());

    static final String JINJA_FILE = "chat_template.jinja";

    private static final String DEFAULT = "default";
    private static final String KEY = "tokenizer.chat_template";
    private static final String ADDITIONAL = "additional_chat_templates";
    private static final String JINJA = ".jinja";

    /** A template with its name. */
    record Template(String name, String text) {}

    /** One template. */
    static ChatTemplates of(String text) {
        return new ChatTemplates(List.of(new Template(DEFAULT, text)));
    }

    /** The usual template of {@code chat_template.jinja}; empty if there is no such file. */
    static Optional<String> ofFile(TokenizerFiles files) throws IOException {
        return files.has(JINJA_FILE) ? Optional.of(text(files.folder(), JINJA_FILE)) : Optional.empty();
    }

    /**
     * Reads them: those of {@code tokenizer_config.json} if it has the key, else {@code chat_template.jinja} with
     * {@code additional_chat_templates/}, else {@code chat_template.json}.
     */
    static ChatTemplates read(TokenizerFiles files, Warnings warnings) throws IOException {
        JsonNode config = files.tokenizerConfig();
        if (config.has("chat_template")) {
            ChatTemplates taken = of(config.path("chat_template"), files.path("tokenizer_config.json"), warnings);
            taken.warnOfOthers(files, warnings);
            return taken;
        }
        if (files.has(JINJA_FILE)) {
            return readJinja(files.folder());
        }
        if (files.has("chat_template.json")) {
            JsonNode json = JsonFile.read(files.folder(), "chat_template.json").orElseThrow();
            return of(json.path("chat_template"), files.path("chat_template.json"), warnings);
        }
        return NONE;
    }

    /** The same as transformers has them: those of {@code chat_template.jinja} if it is there. */
    static ChatTemplates readAsTransformers(TokenizerFiles files) throws IOException {
        return files.has(JINJA_FILE) ? readJinja(files.folder()) : read(files, warning -> { });
    }

    /** transformers prefers the template in a file of its own, which the converter does not look for then. */
    private void warnOfOthers(TokenizerFiles files, Warnings warnings) throws IOException {
        if (!files.has(JINJA_FILE)) {
            return;
        }
        Set<Template> others = new LinkedHashSet<>(readJinja(files.folder()).templates);
        others.removeAll(templates);
        if (!others.isEmpty()) {
            warnings.differs(files.path(JINJA_FILE) + " is left out, for " + files.path("tokenizer_config.json")
                    + " has a chat_template, which llama.cpp's converter takes; they differ ("
                    + others.stream().map(Template::name).collect(Collectors.joining(", "))
                    + "), and transformers takes the file. Remove the one that is not wanted");
        }
    }

    private static ChatTemplates of(JsonNode value, String file, Warnings warnings) {
        if (value.isTextual()) {
            return of(value.textValue());
        }
        if (value.isArray()) {
            List<Template> templates = new ArrayList<>();
            for (JsonNode choice : value) {
                String name = filtered(choice.path("name").asText(""));
                JsonNode text = choice.path("template");
                if (!name.isEmpty() && text.isTextual()) {
                    templates.add(new Template(name, text.textValue()));
                }
            }
            return new ChatTemplates(templates);
        }
        if (!value.isNull() && !value.isMissingNode()) {
            warnings.differs(file + ": chat_template is left out, for it is neither text nor a list");
        }
        return NONE;
    }

    private static ChatTemplates readJinja(ModelFolder folder) throws IOException {
        List<Template> templates = new ArrayList<>();
        templates.add(new Template(DEFAULT, text(folder, JINJA_FILE)));
        Optional<ModelFolder> additional = folder.subfolder(ADDITIONAL);
        if (additional.isPresent()) {
            for (StoredFile file : additional.get().list()) {
                if (file.name().endsWith(JINJA)) {
                    String stem = file.name().substring(0, file.name().length() - JINJA.length());
                    templates.add(new Template(filtered(stem), text(additional.get(), file.name())));
                }
            }
        }
        return new ChatTemplates(templates);
    }

    /** A name with underscores for what may not stand in a key. */
    private static String filtered(String name) {
        return name.replaceAll("[^A-Za-z0-9]", "_");
    }

    /** A text file as Python reads it: any line end becomes a newline, and what is no UTF-8 is an error. */
    private static String text(ModelFolder folder, String file) throws IOException {
        byte[] bytes = folder.read(file);
        String text = new String(bytes, StandardCharsets.UTF_8);
        if (text.indexOf('\0') >= 0 || !Arrays.equals(bytes, text.getBytes(StandardCharsets.UTF_8))) {
            throw new InvalidModelException(folder.location() + "/" + file + ": no chat template: it holds bytes that are no"
                    + " text in UTF-8; fetch the file again, or remove it");
        }
        return text.replace("\r\n", "\n").replace('\r', '\n');
    }

    void appendTo(GgufMetadata metadata) {
        Set<String> names = new LinkedHashSet<>();
        String usual = "";
        for (Template template : templates) {
            if (template.name().equals(DEFAULT)) {
                usual = template.text();
            } else {
                names.add(template.name());
                put(metadata, KEY + "." + template.name(), template.text());
            }
        }
        if (!names.isEmpty()) {
            metadata.put(
                    "tokenizer.chat_templates",
                    new GgufValue.Texts(names.stream()
                            .map(name -> name.getBytes(StandardCharsets.UTF_8))
                            .toList()));
        }
        put(metadata, KEY, usual);
    }

    private static void put(GgufMetadata metadata, String key, String text) {
        if (!text.isEmpty()) {
            metadata.put(key, new GgufValue.Text(text));
        }
    }
}
