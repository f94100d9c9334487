package io.nightshift.jobs.batch.manifest;

import java.io.IOException;
import java.util.List;
import java.util.Map;

/** A store that has what a test says it has. */
record KnownFiles(Map<String, List<String>> checkpointsOf, Map<String, List<String>> textsOf) implements ManifestFiles {
    /** A few checkpoints and texts. */
    static final KnownFiles SOME = new KnownFiles(
            Map.of(
                    "models/llama", List.of("models/llama"),
                    "models/qwen", List.of("models/qwen"),
                    "other/llama", List.of("other/llama"),
                    "models/", List.of("models/llama", "models/qwen"),
                    "models/*", List.of("models/llama", "models/qwen"),
                    "odd/a name", List.of("odd/a name")),
            Map.of(
                    "train.jsonl", List.of("train.jsonl"),
                    "held-out.txt", List.of("held-out.txt"),
                    "*.txt", List.of("held-out.txt", "more.txt"),
                    "texts/", List.of("held-out.txt", "train.jsonl")));

    @Override
    public Checkpoints checkpoints(String location) throws IOException {
        if (location.startsWith("down/")) {
            throw new IOException(location + ": the store does not answer");
        }
        return new Checkpoints(location.endsWith("/") || location.contains("*"),
                checkpointsOf.getOrDefault(location, List.of()));
    }

    @Override
    public List<String> texts(String location) {
        return textsOf.getOrDefault(location, List.of());
    }
}
