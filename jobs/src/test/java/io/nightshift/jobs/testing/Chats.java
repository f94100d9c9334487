package io.nightshift.jobs.testing;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** Conversations for tests, and a checkpoint with a chat template that has special tokens. */
public final class Chats {
    /** Turns between tokens of begin and end, by which a turn of the assistant ends too. */
    public static final String TEMPLATE = "{{ bos_token }}{% for m in messages %}{% if m.role not in ['user', 'assistant'] %}"
            + "{{ raise_exception('No ' ~ m.role ~ ' here!') }}{% endif %}[{{ m.role }}] {{ m.content }}{{ eos_token }}"
            + "{% endfor %}{% if add_generation_prompt %}[assistant] {% endif %}";

    private Chats() {}

    /** A record of a conversation with so many turns of both, always the same one for a seed. */
    public static String record(long seed, int turns) {
        StringBuilder messages = new StringBuilder();
        for (int i = 0; i < turns; i++) {
            messages.append(i == 0 ? "" : ", ").append(message("user", Texts.document(100 * seed + 2 * i, 9))).append(", ")
                    .append(message("assistant", Texts.document(100 * seed + 2 * i + 1, 12)));
        }
        return "{\"id\": " + seed + ", \"messages\": [" + messages + "]}\n";
    }

    /** A message. */
    public static String message(String role, String content) {
        return "{\"role\": \"" + role + "\", \"content\": \"" + content + "\"}";
    }

    /** Writes conversations. */
    public static Path write(Path file, int conversations, int turns) throws IOException {
        StringBuilder records = new StringBuilder();
        for (int i = 0; i < conversations; i++) {
            records.append(record(i, turns));
        }
        return Texts.write(file, records.toString());
    }

    /** A copy of the fixture with another chat template. */
    public static Path model(Path folder, String template) throws IOException {
        Path model = Files.createDirectories(folder);
        try (Stream<Path> files = Files.list(Fixtures.model("llama-spm"))) {
            for (Path file : (Iterable<Path>) files::iterator) {
                Files.copy(file, model.resolve(file.getFileName()));
            }
        }
        Texts.write(model.resolve("chat_template.jinja"), template);
        return model;
    }
}
