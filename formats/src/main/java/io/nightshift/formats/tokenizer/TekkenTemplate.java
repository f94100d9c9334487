package io.nightshift.formats.tokenizer;

import io.nightshift.formats.InvalidModelException;
import io.nightshift.formats.Sha256;
import io.nightshift.formats.Warnings;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;

/**
 * The chat template of a checkpoint with {@code tekken.json}. The converter looks at the tokenizer's version alone, and not
 * into the folder: of old versions it writes the name that llama.cpp has for how they write chats, of newer ones a template
 * that comes with llama.cpp (conversion/mistral.py, get_community_chat_template). The latter are none of ours to carry: the
 * folder's own is written, with a warning unless it is llama.cpp's.
 */
final class TekkenTemplate {
    private static final Map<String, String> NAMES =
            Map.of("v1", "mistral-v1", "v3", "mistral-v3-tekken", "v7", "mistral-v7-tekken");

    static final Map<String, Carried> CARRIED = Map.of(
            "v11", new Carried("Mistral-Small-3.2-24B-Instruct-2506.jinja",
                    "5b8f31f11198696548d544dbe424a3c1ef244d00a475f4e1bffb351fda085608"),
            "v13", new Carried("unsloth-mistral-Devstral-Small-2507.jinja",
                    "039a4710e2aabaa79e85a233fa3daa4fbc030a4a8dc218cb7f34fb0c4b8c13b1"));

    /** A template that comes with llama.cpp: its file, and the SHA-256 of its text. */
    record Carried(String name, String sha256) {
        boolean is(String text) {
            return sha256.equals(Sha256.of(text.getBytes(StandardCharsets.UTF_8)));
        }
    }

    private TekkenTemplate() {}

    /**
     * The template.
     *
     * @throws InvalidModelException if the converter has none for the version, or the folder's is no text
     * @throws IOException if the folder cannot be read
     */
    static ChatTemplates of(Tekken tekken, TokenizerFiles files, Warnings warnings) throws IOException {
        Optional<String> own = ChatTemplates.ofFile(files);
        String name = NAMES.get(tekken.version());
        if (name != null) {
            if (own.isPresent()) {
                warnings.differs(files.path(ChatTemplates.JINJA_FILE) + " is left out, for llama.cpp's converter writes the"
                        + " name " + name + " for every tokenizer like " + tekken.file()
                        + " (version " + tekken.version() + ")");
            }
            return ChatTemplates.of(name);
        }
        Carried carried = CARRIED.get(tekken.version());
        if (carried == null) {
            throw new InvalidModelException(tekken.file() + ": is of version " + tekken.version() + ", for which llama.cpp's"
                    + " converter has no chat template, and stops; add the model's " + BytePairTokenizer.FILE);
        }
        String remedy = "llama.cpp's converter writes its models/templates/" + carried.name() + " for " + tekken.file()
                + " (version " + tekken.version() + "); copy that file to " + files.path(ChatTemplates.JINJA_FILE)
                + " to have the same";
        if (own.isEmpty()) {
            warnings.differs("the output has no chat template: " + remedy);
            return ChatTemplates.NONE;
        }
        if (!carried.is(own.get())) {
            warnings.differs("the output has the chat template of the folder, and " + remedy);
        }
        return ChatTemplates.of(own.get());
    }
}
