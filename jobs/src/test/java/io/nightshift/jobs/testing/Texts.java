package io.nightshift.jobs.testing;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;

/** Texts for tests: words at random, always the same ones for a seed. */
public final class Texts {
    private static final String[] WORDS = {
        "the", "night", "river", "Paris", "was", "founded", "in", "1873", "and", "its", "people", "wrote", "of",
                "light",
        "music", "winter", "a", "small", "engine", "with", "seven", "wheels", "turned", "slowly", "under", "Mount",
        "Etna", "before", "anyone", "knew", "who", "had", "built", "it,", "or", "why."
    };

    private Texts() {}

    /** A document of so many words. */
    public static String document(long seed, int words) {
        Random random = new Random(seed);
        List<String> text = new ArrayList<>();
        for (int i = 0; i < words; i++) {
            text.add(WORDS[random.nextInt(WORDS.length)]);
        }
        return String.join(" ", text);
    }

    /** Writes a text file. */
    public static Path write(Path file, String content) throws IOException {
        Files.createDirectories(file.getParent());
        return Files.writeString(file, content);
    }

    /** Writes JSON lines with the field {@code text}. */
    public static Path writeJsonLines(Path file, List<String> documents) throws IOException {
        return write(file, documents.stream()
                .map(document -> "{\"id\": 1, \"text\": \"" + document.replace("\"", "\\\"") + "\"}\n")
                .collect(Collectors.joining()));
    }
}
